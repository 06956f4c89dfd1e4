"""Resampled streams against the tones that they should hold, and against soxr."""

from __future__ import annotations

import numpy as np
import pytest
import soxr
from hypothesis import given, settings
from hypothesis import strategies as st

from tasnet2hef.audio.speech import speech_clip
from tasnet2hef.audio.stream_resampler import StreamResampler, resampling_lag_seconds
from tasnet2hef.base.parity import signal_to_error_db

RATES = [(44100, 8000), (48000, 8000), (8000, 44100), (16000, 48000), (11025, 8000), (44101, 8000)]


def resampled(signal: np.ndarray, from_hz: int, to_hz: int, block: int = 0) -> np.ndarray:
    stream = StreamResampler(len(signal), from_hz, to_hz)
    size = block or signal.shape[1]
    parts = [stream.feed(signal[:, at : at + size]) for at in range(0, signal.shape[1], size)]
    return np.concatenate([*parts, stream.flush()], axis=1)


def tone(hz: float, rate_hz: int, seconds: float = 1.0) -> np.ndarray:
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz).astype(np.float32)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
@pytest.mark.parametrize("share", [0.05, 0.5, 0.85])
def test_tones_stay_where_they_are(from_hz: int, to_hz: int, share: float) -> None:
    hz = share * min(from_hz, to_hz) / 2
    inside = slice(to_hz // 10, -to_hz // 10)
    actual = resampled(tone(hz, from_hz)[None], from_hz, to_hz)[0]
    assert len(actual) == to_hz
    assert signal_to_error_db(tone(hz, to_hz)[inside], actual[inside]) > 90


@pytest.mark.parametrize(("from_hz", "to_hz"), [pair for pair in RATES if pair[0] > pair[1]])
@pytest.mark.parametrize("share", [1.0, 1.3, 1.9])
def test_what_the_lower_rate_cant_hold_is_gone(from_hz: int, to_hz: int, share: float) -> None:
    if share * to_hz >= from_hz:
        pytest.skip("the higher rate can't hold it either")
    left = resampled(tone(share * to_hz / 2, from_hz)[None], from_hz, to_hz)[0, to_hz // 10 : -to_hz // 10]
    assert 20 * np.log10(np.std(left) * np.sqrt(2)) < -80


@pytest.mark.parametrize(("from_hz", "to_hz"), [(16000, 8000), (48000, 16000), (8000, 48000)])
def test_speech_equals_that_of_soxr(from_hz: int, to_hz: int) -> None:
    signal = soxr.resample(speech_clip(24000, 8000), 6400, from_hz)  # slower, so that all of it is passed by both
    expected = soxr.resample(signal, from_hz, to_hz, quality="VHQ")
    assert signal_to_error_db(expected, resampled(signal[None], from_hz, to_hz)[0]) > 90


@settings(max_examples=40, deadline=None)
@given(
    rates=st.sampled_from([*RATES, (8000, 8000)]),
    samples=st.integers(1, 3000),
    block=st.integers(1, 1500),
    channels=st.integers(1, 2),
)
def test_blocks_change_nothing(rates: tuple[int, int], samples: int, block: int, channels: int) -> None:
    signal = np.random.default_rng(samples).standard_normal((channels, samples)).astype(np.float32)
    whole = resampled(signal, *rates)
    assert whole.shape == (channels, -(-samples * rates[1] // rates[0]))
    np.testing.assert_array_equal(resampled(signal, *rates, block=block), whole)


@pytest.mark.parametrize(("from_hz", "to_hz"), RATES)
def test_the_delay_is_that_of_the_filter(from_hz: int, to_hz: int) -> None:
    stream, block = StreamResampler(1, from_hz, to_hz), np.zeros((1, from_hz // 50), np.float32)
    ready = np.cumsum([stream.feed(block).shape[1] for _ in range(100)]) / to_hz
    late = np.arange(1, 101) * block.shape[1] / from_hz - ready
    lag = resampling_lag_seconds(from_hz, to_hz)
    assert lag - 1 / to_hz < late.max() <= lag + 1e-9
    assert lag < 0.0082
