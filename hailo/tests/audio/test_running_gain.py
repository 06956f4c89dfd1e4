from __future__ import annotations

import numpy as np
import pytest

from tasnet2hef.audio.running_gain import RAMP_SECONDS, RunningGain
from tests.audio.test_gain import mixture_gain

RATE = 8000


def voices(seed: int = 0, samples: int = RATE) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal((2, samples))).astype(np.float32)


@pytest.mark.parametrize("scale", [1e4, 1.0, -3e-3])
def test_sources_of_any_scale_add_up_from_the_first_piece_on(scale):
    gain = RunningGain(2, RATE)
    for second in range(3):
        true = voices(second)
        scaled = gain.apply(true.sum(axis=0), np.float32(scale) * true)
        np.testing.assert_allclose(scaled, true, rtol=0, atol=1e-6)
    assert gain.factors == pytest.approx(
        mixture_gain(true.sum(axis=0), np.float32(scale) * true).factors, rel=1e-4
    )


def test_nothing_is_heard_before_the_level_is_known():
    gain = RunningGain(2, RATE)
    hiss = 1000 * voices(1)
    np.testing.assert_array_equal(gain.apply(np.zeros(RATE, np.float32), hiss), 0 * hiss)
    assert gain.factors == (0.0, 0.0)


def test_gains_of_their_own_stay_while_one_speaker_is_silent():
    gain = RunningGain(2, RATE)
    true = voices()
    raw = true * np.array([[10.0], [30.0]], np.float32)
    gain.apply(true.sum(axis=0), raw)
    alone = raw * np.array([[1.0], [0.0]], np.float32)
    for _ in range(300):  # 5 minutes: all that was heard of the other is forgotten
        scaled = gain.apply(true[0], alone)
    np.testing.assert_allclose(scaled[0], true[0], rtol=0, atol=1e-6)
    assert gain.factors[1] == pytest.approx(1 / 30, rel=0.05)


def test_a_change_of_gain_is_a_ramp_and_the_past_alone_decides():
    quiet, loud = voices(0), voices(1)
    gain = RunningGain(2, RATE)
    first = gain.apply(quiet.sum(axis=0), quiet)
    before = gain.factors
    second = gain.apply(loud.sum(axis=0), 0.5 * loud)
    ratio = second[0] / (0.5 * loud[0])
    ramp = int(RAMP_SECONDS * RATE)
    np.testing.assert_allclose(first, quiet, rtol=1e-5)
    assert ratio[0] == pytest.approx(before[0], rel=0.01)
    assert (np.diff(ratio[:ramp]) > -1e-5).all()
    np.testing.assert_allclose(ratio[ramp:], gain.factors[0], rtol=1e-5)


def test_an_empty_piece_is_nothing():
    assert RunningGain(2, RATE).apply(np.zeros(0, np.float32), np.zeros((2, 0), np.float32)).shape == (2, 0)
