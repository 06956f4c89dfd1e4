from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasnet2hef.base.errors import OptionError, RefusedError
from tasnet2hef.runtime.backends.frames import (
    frames_to_sources,
    frames_to_streams,
    frames_to_tensor,
    streams_to_frames,
    tensor_to_frames,
    window_to_frames,
)
from tasnet2hef.runtime.stream.windows import WindowStream, fade_in, overlap_samples

SHORT_WINDOWS = st.fixed_dictionaries(
    {
        "window_frames": st.integers(8, 40),
        "kernel_size": st.sampled_from([8, 15, 16]),
        "stride": st.sampled_from([4, 8]),
        "encoder_padding": st.sampled_from([0, 4, 8]),
        "streams": st.sampled_from([1, 2, 4, 8]),
    }
)


def noise(samples: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(samples).astype(np.float32)


def split(samples: np.ndarray) -> np.ndarray:
    return np.stack([np.maximum(samples, 0), np.minimum(samples, 0)])


def stream(window_stream: WindowStream, samples: np.ndarray, chunk: int) -> np.ndarray:
    parts = [window_stream.feed(samples[at : at + chunk]) for at in range(0, len(samples), chunk)]
    return np.concatenate([*parts, window_stream.flush()], axis=1)


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(
    window=SHORT_WINDOWS,
    samples=st.integers(0, 2000),
    chunk=st.integers(1, 700),
    overlap=st.floats(0, 0.75),
)
def test_net_that_changes_nothing_gives_the_input_back(contract, sign_split, window, samples, chunk, overlap):
    clip = noise(samples)
    separated = stream(WindowStream(sign_split(contract(**window)), overlap), clip, chunk)
    np.testing.assert_array_equal(separated, split(clip))


@settings(max_examples=100, deadline=None)
@given(
    orders=st.lists(st.permutations([0, 1]), min_size=1, max_size=12),
    samples=st.integers(1, 8000),
    overlap=st.floats(0.1, 0.75),
)
def test_swapped_sources_are_put_back_in_the_order_of_the_first_window(
    contract, sign_split, orders, samples, overlap
):
    clip = noise(samples)
    separated = stream(WindowStream(sign_split(contract(), orders), overlap), clip, 1000)
    np.testing.assert_array_equal(separated, split(clip)[list(orders[0])])


def test_silence_between_windows_keeps_the_last_order(contract, sign_split):
    net = sign_split(contract(), [(0, 1), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0)])
    clip = noise(4000)
    clip[1000:2400] = 0
    separated = stream(WindowStream(net, 0.25), clip, 4000)
    np.testing.assert_array_equal(separated, split(clip))


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(
    samples=st.integers(0, 5000),
    chunk=st.integers(1, 1500),
    overlap=st.floats(0, 0.75),
    streams=st.sampled_from([1, 2, 4, 8]),
)
def test_lag_is_what_the_stream_says_and_memory_stays_bounded(
    contract, sign_split, samples, chunk, overlap, streams
):
    windows = WindowStream(sign_split(contract(streams=streams)), overlap)
    assert windows.lag_ms == windows.lag_samples / 8
    fed = ready = 0
    for at in range(0, samples, chunk):
        part = noise(samples)[at : at + chunk]
        ready += windows.feed(part).shape[1]
        fed += len(part)
        assert 0 <= fed - ready < windows.lag_samples
        assert len(windows._buffer) < windows.lag_samples + 800


def test_columns_save_runs_of_the_net(contract, sign_split):
    runs = []
    for streams in (1, 2, 4, 8):
        net = sign_split(contract(streams=streams))
        stream(WindowStream(net, 0.5), noise(800 + 15 * 400), 500)
        runs.append(net.runs)
    assert runs == [16, 8, 4, 2]


@pytest.mark.parametrize(
    ("samples", "windows"), [(0, 0), (1, 1), (799, 1), (800, 1), (801, 2), (1400, 2), (1401, 3), (2000, 3)]
)
def test_number_of_windows(contract, sign_split, samples, windows):
    window_stream = WindowStream(sign_split(contract()), 0.25)
    stream(window_stream, noise(samples), 333)
    assert window_stream.windows == windows


def test_last_window_hears_real_audio_only(contract, sign_split):
    net = sign_split(contract())
    heard = []
    run = net.run
    net.run = lambda frames: heard.append(frames.copy()) or run(frames)
    clip = noise(1001)
    stream(WindowStream(net, 0.25), clip, 1001)
    np.testing.assert_array_equal(heard[-1].reshape(-1), clip[-800:])


def test_fades_sum_to_one_and_rise():
    weights = fade_in(100)
    np.testing.assert_allclose(weights + weights[::-1], 1, rtol=0, atol=1e-7)
    assert (np.diff(weights) > 0).all()
    assert overlap_samples(1, 0.75) == 0


@pytest.mark.parametrize("overlap", [-0.1, 0.76, 1, float("nan")])
def test_overlap_out_of_range_is_refused(contract, sign_split, overlap):
    with pytest.raises(OptionError, match=r"overlap: found .*, expected a share of the window from 0 to 0.75"):
        WindowStream(sign_split(contract()), overlap)


def test_nan_from_the_model_is_refused(contract, sign_split):
    net = sign_split(contract())
    net.run = lambda frames: np.full((2, *frames.shape), np.nan, np.float32)
    with pytest.raises(RefusedError, match="NaN or infinite"):
        WindowStream(net).feed(noise(800))


@settings(max_examples=50, deadline=None)
@given(window=SHORT_WINDOWS)
def test_frames_hold_the_window_between_the_originals_padding(contract, window):
    description = contract(**window)
    clip = noise(description.window_samples)
    frames = window_to_frames(clip, description)
    assert frames.shape == (description.rows, description.spec.stride)
    before = np.zeros(description.spec.encoder_padding)
    rest = np.zeros(frames.size - len(before) - len(clip))
    np.testing.assert_array_equal(frames.reshape(-1), np.concatenate([before, clip, rest]))
    np.testing.assert_array_equal(frames_to_sources(frames[None], description), clip[None])


@settings(max_examples=50, deadline=None)
@given(window=SHORT_WINDOWS)
def test_columns_of_the_tensor_are_the_clips(contract, window):
    description = contract(**window)
    streams, samples = description.streams, description.window_samples
    clips = noise(streams * samples).reshape(streams, samples)
    frames = streams_to_frames(clips, description)
    tensor = frames_to_tensor(frames, description)
    assert tensor.shape == description.input_shape
    for number, clip in enumerate(clips):
        alone = window_to_frames(clip, description)
        np.testing.assert_array_equal(tensor[0, :, :, number], alone.T)
    np.testing.assert_array_equal(tensor_to_frames(tensor, description), frames)
    np.testing.assert_array_equal(frames_to_streams(frames[None], description)[:, 0], clips)
