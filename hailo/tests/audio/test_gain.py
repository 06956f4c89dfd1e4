from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasnet2hef.audio.gain import Gain, MixtureSums


def voices(count: int = 2, samples: int = 4000) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal((count, samples))).astype(np.float32)


def mixture_gain(mixture: np.ndarray, sources: np.ndarray, cuts: tuple[int, ...] = ()) -> Gain:
    """Add up a whole file, in blocks that begin at ``cuts``."""
    sums = MixtureSums(len(sources))
    for start, end in itertools.pairwise((0, *cuts, len(mixture))):
        sums.add(mixture[start:end], sources[:, start:end])
    return sums.gain()


def test_the_gain_does_not_depend_on_the_blocks():
    true = voices(3)
    mixture, raw = true.sum(axis=0), np.float32([[30], [50], [20]]) * true
    whole = mixture_gain(mixture, raw)
    assert mixture_gain(mixture, raw, (1, 17, 2000)).factors == pytest.approx(whole.factors, rel=1e-12)


def test_channels_add_up_in_the_order_of_the_first():
    true = voices(4)
    first, second, both = MixtureSums(2), MixtureSums(2), MixtureSums(2)
    first.add(true[:2].sum(axis=0), 10 * true[:2])
    second.add(true[2:].sum(axis=0), 10 * true[[3, 2]])
    both.add_channel(first, (0, 1))
    both.add_channel(second, (1, 0))
    joined = np.concatenate([true[:2], true[2:]], axis=1)
    assert both.gain().factors == pytest.approx(mixture_gain(joined.sum(axis=0), 10 * joined).factors, rel=1e-12)


@given(scale=st.floats(1e-4, 1e5), ratio=st.floats(0.3, 3), sign=st.sampled_from([-1, 1]), count=st.integers(1, 5))
def test_sources_of_any_scale_add_up_to_the_mixture(scale, ratio, sign, count):
    true = voices(count)
    mixture = true.sum(axis=0)
    raw = true * np.float32(sign * scale)
    raw[0] *= np.float32(ratio)
    gain = mixture_gain(mixture, raw)
    again = np.tensordot(gain.factors, raw.astype(np.float64), 1)
    assert gain.note == ""
    np.testing.assert_allclose(again, mixture, rtol=0, atol=1e-6)


def test_noise_in_the_mixture_does_not_move_the_gain():
    true = voices(3)
    assert mixture_gain(true.sum(axis=0), 5000 * true[:2]).factors == pytest.approx((2e-4, 2e-4), rel=0.05)


@pytest.mark.parametrize(
    "second", [np.zeros(4000), voices()[0], 1e-4 * voices()[1]], ids=["silent", "repeated", "40 dB too quiet"]
)
def test_gains_that_would_be_uncertain_become_one(second):
    true = voices()
    gain = mixture_gain(true.sum(axis=0), 100 * np.stack([true[0], second]).astype(np.float32))
    assert gain.factors[0] == gain.factors[1]
    assert 0.004 < gain.factors[0] < 0.011
    assert "one gain for all sources" in gain.note


@pytest.mark.parametrize(
    ("mixture", "sources"),
    [
        (voices()[0], np.zeros((2, 4000), np.float32)),
        (voices(3)[0], voices(3)[1:]),
        (np.zeros(4000, np.float32), voices()),
        (voices()[0], np.stack([voices()[0], -voices()[0]])),
    ],
    ids=["silent sources", "strangers", "silent mixture", "sources that cancel"],
)
def test_no_gain_is_invented_where_nothing_adds_up(mixture, sources):
    gain = mixture_gain(mixture, sources)
    assert gain.factors == (1.0, 1.0)
    assert "left at 1" in gain.note
