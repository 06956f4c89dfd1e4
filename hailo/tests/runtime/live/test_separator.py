from __future__ import annotations

import gc
import tracemalloc
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasnet2hef.audio.level import speech_level_dbfs
from tasnet2hef.audio.stream_resampler import resampling_lag_seconds
from tasnet2hef.runtime.live.separator import LiveSeparator


def noise(samples: int, channels: int = 1, seed: int = 0) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal((channels, samples))).astype(np.float32)


def split(signal: np.ndarray) -> np.ndarray:
    return np.stack([np.maximum(signal, 0), np.minimum(signal, 0)], axis=1)


def run(separator: LiveSeparator, signal: np.ndarray, size: int) -> list:
    parts = [separator.feed(signal[:, at : at + size]) for at in range(0, signal.shape[1], size)]
    return [*parts, separator.flush()]


def joined(parts: list) -> tuple[np.ndarray, np.ndarray]:
    return np.concatenate([p.mixture for p in parts], axis=1), np.concatenate([p.sources for p in parts], axis=2)


@settings(max_examples=30, deadline=None)
@given(
    channels=st.integers(1, 3),
    streams=st.sampled_from([1, 2, 4]),
    samples=st.integers(1, 4000),
    size=st.integers(30, 900),
)
def test_mixture_and_sources_stay_aligned(contract, sign_split, channels, streams, samples, size):
    signal = noise(samples, channels)
    parts = run(LiveSeparator(sign_split(contract(streams=streams)), channels, 8000), signal, size)
    assert all(part.mixture.shape[1] == part.sources.shape[2] for part in parts)
    mixture, sources = joined(parts)
    np.testing.assert_array_equal(mixture, signal)
    np.testing.assert_allclose(sources.sum(axis=1), signal, atol=1e-5)


def test_gaps_keep_time_and_restart_the_net(contract, sign_split):
    separator = LiveSeparator(sign_split(contract()), 1, 8000)
    first, second = noise(3000), noise(3000, seed=1)
    parts = [separator.feed(first), *separator.skip(20_000), separator.feed(second), separator.flush()]
    mixture, sources = joined(parts)
    expected = np.concatenate([first, np.zeros((1, 20_000), np.float32), second], axis=1)
    np.testing.assert_array_equal(mixture, expected)
    np.testing.assert_allclose(sources.sum(axis=1), expected, atol=1e-5)
    assert sum(part.mixture.shape[1] for part in parts if part.is_gap) == 20_000
    assert max(part.mixture.shape[1] for part in parts if part.is_gap) <= 8000


def test_a_gap_costs_no_windows_but_a_short_one_does(contract, sign_split):
    separator = LiveSeparator(sign_split(contract()), 1, 8000)
    separator.feed(noise(800))
    before = separator.windows
    assert len(list(separator.skip(10**6))) == 1 + 125
    assert separator.windows <= before + 1
    for part in separator.skip(400):
        assert not part.is_gap


@settings(max_examples=20, deadline=None)
@given(
    rate_hz=st.sampled_from([8000, 11025, 44100, 48000]),
    steps=st.lists(st.tuples(st.booleans(), st.integers(1, 20_000)), min_size=1, max_size=6),
)
def test_time_never_drifts_at_any_rate(contract, sign_split, rate_hz, steps):
    separator = LiveSeparator(sign_split(contract()), 1, rate_hz)
    parts, total = [], 0
    for is_gap, samples in steps:
        total += samples
        parts += list(separator.skip(samples)) if is_gap else [separator.feed(noise(samples))]
    parts.append(separator.flush())
    assert abs(joined(parts)[0].shape[1] - total * 8000 / rate_hz) <= 1 + len(steps)


@pytest.mark.slow
def test_a_thousand_windows_take_no_more_memory_than_a_hundred(contract, sign_split):
    separator = LiveSeparator(sign_split(contract(streams=2)), 2, 16000)
    block, ready = noise(1600, channels=2), 0

    def feed(blocks: int) -> int:
        out = sum(separator.feed(block).mixture.shape[1] for _ in range(blocks))
        gc.collect()
        return out

    ready += feed(100)
    tracemalloc.start()
    ready += feed(5)
    before = tracemalloc.get_traced_memory()[0]
    ready += feed(400)
    grown = tracemalloc.get_traced_memory()[0] - before
    tracemalloc.stop()
    assert separator.windows > 1900
    assert grown < 50_000  # 10,000 times kept are 0.3 MB at most, of which 400 are new
    assert 0 <= 505 * 800 - ready <= (separator.lag_seconds + resampling_lag_seconds(16000, 8000)) * 8000


def test_a_net_of_one_level_hears_that_level_and_the_stream_keeps_its_own(contract, sign_split):
    backend = sign_split(replace(contract(), input_level_dbfs=-40.0))
    levels, separate = [], backend.run
    backend.run = lambda frames: levels.append(speech_level_dbfs(frames.reshape(-1), 8000)) or separate(frames)
    signal = noise(16_000)
    mixture, sources = joined(run(LiveSeparator(backend, 1, 8000), signal, 700))
    np.testing.assert_array_equal(mixture, signal)
    np.testing.assert_allclose(sources.sum(axis=1), signal, atol=1e-5)
    assert levels[-1] == pytest.approx(-40, abs=0.5)


def test_a_level_that_is_followed_is_not_exact(contract, sign_split):
    streaming = contract(norm="folded", n_blocks=2, n_repeats=1)
    levelled = replace(streaming, input_level_dbfs=-25.0)
    exact = [LiveSeparator(sign_split(each), 1, 8000, halo="full").is_exact for each in (streaming, levelled)]
    assert exact == [True, False]
