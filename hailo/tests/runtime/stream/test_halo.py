from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tasnet2hef.base.errors import OptionError
from tasnet2hef.runtime.stream.halo import HaloStream, plan_halo
from tasnet2hef.runtime.stream.streamer import make_streamer
from tasnet2hef.runtime.stream.windows import WindowStream

SMALL = {"n_blocks": 2, "n_repeats": 1, "norm": "folded"}  # 3 frames a side
WINDOWS = st.fixed_dictionaries(
    {
        "window_frames": st.integers(11, 40),
        "kernel_size": st.sampled_from([8, 15, 16]),
        "stride": st.sampled_from([4, 8]),
        "encoder_padding": st.sampled_from([0, 4, 8]),
        "streams": st.sampled_from([1, 2, 4]),
        "causal": st.booleans(),
    }
)


def noise(samples: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(samples).astype(np.float32)


def stream(halo_stream: HaloStream, samples: np.ndarray, chunk: int) -> np.ndarray:
    parts = [halo_stream.feed(samples[at : at + chunk]) for at in range(0, len(samples), chunk)]
    return np.concatenate([*parts, halo_stream.flush()], axis=1)


def whole_frames(description, samples: int) -> int:
    """Samples of a clip that the original's frames cover; it leaves the rest zero."""
    spec = description.spec
    padded = samples + sum(spec.clip_padding(samples))
    covered = (padded - spec.kernel_size) // spec.stride * spec.stride + spec.kernel_size
    return min(samples, max(0, covered - spec.encoder_padding)) if padded >= spec.kernel_size else 0


@settings(max_examples=150, deadline=None)
@given(window=WINDOWS, samples=st.integers(0, 1500), chunk=st.integers(1, 700), halo=st.floats(0, 4))
@example(  # the padding behind the clip completes two windows at once
    window={
        "window_frames": 11,
        "kernel_size": 16,
        "stride": 4,
        "encoder_padding": 8,
        "streams": 1,
        "causal": False,
    },
    samples=101,
    chunk=1,
    halo=2.0,
)
def test_net_that_changes_nothing_gives_the_input_back(contract, sign_split, window, samples, chunk, halo):
    description = contract(**window, **SMALL)
    clip = noise(samples)
    separated = stream(HaloStream(sign_split(description), halo), clip, chunk)
    clip[whole_frames(description, samples) :] = 0
    np.testing.assert_array_equal(separated, np.stack([np.maximum(clip, 0), np.minimum(clip, 0)]))


@settings(max_examples=60, deadline=None)
@given(window=WINDOWS, samples=st.integers(0, 4000), chunk=st.integers(1, 900))
def test_lag_is_what_the_stream_says_and_memory_stays_bounded(contract, sign_split, window, samples, chunk):
    halo_stream = HaloStream(sign_split(contract(**window, **SMALL)), 0.0)
    clip = noise(samples)
    fed = ready = 0
    for at in range(0, samples, chunk):
        fed += len(clip[at : at + chunk])
        ready += halo_stream.feed(clip[at : at + chunk]).shape[1]
        assert 0 <= fed - ready < halo_stream.lag_samples
        assert len(halo_stream._buffer) < 2 * (halo_stream.lag_samples + 40 * 8)
    assert halo_stream.lag_ms == halo_stream.lag_samples / 8


def test_swapped_sources_are_put_back_where_the_halo_is_not_full(contract, sign_split):
    description = contract(n_blocks=8, n_repeats=3, norm="folded", window_frames=200)
    net = sign_split(description, [(0, 1), (1, 0), (1, 0), (0, 1)])
    clip = noise(9608)
    halo_stream = HaloStream(net, 30.0)
    assert not halo_stream.is_exact
    expected = np.stack([np.maximum(clip, 0), np.minimum(clip, 0)])
    np.testing.assert_array_equal(stream(halo_stream, clip, 1000), expected)


@pytest.mark.parametrize(("causal", "before", "after"), [(False, 7, 7), (True, 14, 0)])
def test_a_full_halo_is_the_receptive_field(contract, causal, before, after):
    plan = plan_halo(contract(n_blocks=3, n_repeats=1, norm="frame", causal=causal), "full")
    assert (plan.before_frames, plan.after_frames, plan.is_full) == (before, after, True)
    assert plan.hop_rows == 99 - 14 - 1
    assert plan_halo(contract(n_blocks=3, n_repeats=1, norm="frame", causal=causal), 1000.0) == plan
    assert plan_halo(contract(n_blocks=3, n_repeats=1, norm="frame"), 3.0).before_frames == 3


@pytest.mark.parametrize(
    ("options", "halo", "message"),
    [
        ({"norm": "exact"}, "full", "norms span the whole window"),
        (
            {"norm": "folded"},
            "full",
            "found 765 frames before and 765 after, which leave nothing of a window of 99",
        ),
        ({"norm": "folded"}, -1.0, "found -1.0 ms, expected full or 0 ms and more"),
        ({"norm": "folded"}, float("nan"), "found nan ms"),
    ],
)
def test_halos_that_cannot_be_are_refused(contract, sign_split, options, halo, message):
    with pytest.raises(OptionError, match=message):
        HaloStream(sign_split(contract(**options)), halo)


def test_the_default_suits_the_net(contract, sign_split):
    cheap = sign_split(contract(**SMALL))
    chosen = make_streamer(cheap)
    assert isinstance(chosen, HaloStream)
    assert chosen.is_exact
    for description in (contract(norm="exact"), contract(norm="folded"), contract(norm="frame", n_blocks=4)):
        chosen = make_streamer(sign_split(description))
        assert isinstance(chosen, WindowStream)
        assert chosen.hop_samples == 400
    assert isinstance(make_streamer(cheap, overlap=0.25), WindowStream)
    assert not make_streamer(sign_split(contract(norm="folded")), halo=5.0).is_exact
    with pytest.raises(OptionError, match="found both"):
        make_streamer(cheap, overlap=0.25, halo="full")
