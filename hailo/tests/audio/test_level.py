"""Levels of speech, and the gain that brings them where a net wants them."""

from __future__ import annotations

import numpy as np
import pytest

from tasnet2hef.audio.level import LARGEST_GAIN_DB, RecordedLevel, levelling_gain, speech_level_dbfs

RATE_HZ = 8000


def talk(level: float = 0.1, seconds: float = 1.0) -> np.ndarray:
    return (level * np.random.default_rng(0).standard_normal(int(seconds * RATE_HZ))).astype(np.float32)


def levelling_gains(recording: np.ndarray, level_dbfs: float) -> np.ndarray:
    level = RecordedLevel(level_dbfs, RATE_HZ)
    level.add(recording)
    level.end()
    return level.gains(0, recording.shape[1])


@pytest.mark.parametrize("pause_seconds", [0, 1, 30])
def test_pauses_do_not_count(pause_seconds: int) -> None:
    pause = 1e-5 * talk(1.0, pause_seconds)
    assert speech_level_dbfs(np.concatenate([talk(), pause]), RATE_HZ) == pytest.approx(-20, abs=0.2)


def test_the_gain_brings_speech_to_the_level() -> None:
    for level in (0.003, 0.1, 0.9):
        samples = talk(level)
        levelled = samples * levelling_gain(samples, RATE_HZ, -25.0)
        assert speech_level_dbfs(levelled, RATE_HZ) == pytest.approx(-25, abs=0.01)


def test_silence_is_lifted_by_no_more_than_the_limit() -> None:
    gain = levelling_gain(np.zeros(RATE_HZ, np.float32), RATE_HZ, -25.0)
    assert gain == pytest.approx(10 ** (LARGEST_GAIN_DB / 20))
    assert levelling_gain(np.zeros(0, np.float32), RATE_HZ, -25.0) == pytest.approx(gain)


def test_a_net_for_any_level_gets_what_it_was_given() -> None:
    assert levelling_gain(talk(), RATE_HZ, None) == 1.0


def test_a_clip_shorter_than_a_frame_has_a_level() -> None:
    assert speech_level_dbfs(np.full(3, 0.1, np.float32), RATE_HZ) == pytest.approx(-20, abs=1e-3)


def test_every_passage_is_brought_to_the_level() -> None:
    loud, low = talk(0.1, 4.0), talk(0.01, 4.0)
    recording = np.concatenate([loud, low, loud])[None]
    levelled = (recording * levelling_gains(recording, -25.0))[0].reshape(3, -1)
    for passage in levelled:
        assert speech_level_dbfs(passage[RATE_HZ:-RATE_HZ], RATE_HZ) == pytest.approx(-25, abs=0.5)


def test_speech_of_one_level_gets_one_gain() -> None:
    recording = talk(0.1, 10.0)[None]
    gains = levelling_gains(recording, -25.0)
    assert 20 * np.log10(gains.max() / gains.min()) < 0.5
    assert gains.mean() == pytest.approx(levelling_gain(recording[0], RATE_HZ, -25.0), rel=0.02)


def test_a_pause_takes_the_gain_of_the_speech_beside_it() -> None:
    pause = 1e-4 * talk(1.0, 3.0)
    recording = np.concatenate([talk(0.1, 3.0), pause, talk(0.1, 3.0)])[None]
    gains = levelling_gains(recording, -25.0)
    assert 20 * np.log10(gains.max() / gains.min()) < 2.0


def test_channels_share_the_gains() -> None:
    both = np.stack([talk(0.1, 2.0), talk(0.001, 2.0)])
    gains = levelling_gains(both, -25.0)
    assert gains.shape == (2 * RATE_HZ,)
    assert gains.mean() == pytest.approx(np.sqrt(2) * levelling_gain(both[0], RATE_HZ, -25.0), rel=0.05)


@pytest.mark.parametrize("samples", [0, 1, 3, 159, 161])
def test_short_and_silent_recordings_have_gains(samples: int) -> None:
    silent = levelling_gains(np.zeros((1, samples), np.float32), -25.0)
    assert silent.shape == (samples,)
    assert np.isfinite(silent).all()
    short = levelling_gains(np.full((1, samples), 0.1, np.float32), -40.0)
    assert np.isfinite(short).all()


@pytest.mark.parametrize("block", [1777, 8000, 100_000])
def test_gains_do_not_depend_on_the_blocks(block: int) -> None:
    parts = [
        talk(0.1, 5.0),
        1e-5 * talk(1.0, 9.0),
        talk(0.02, 4.3),
        np.zeros(RATE_HZ, np.float32),
        talk(0.3, 3.01),
    ]
    recording = np.concatenate(parts)[None]
    level, length = RecordedLevel(-25.0, RATE_HZ), recording.shape[1]
    for start in range(0, length, block):
        level.add(recording[:, start : start + block])
    level.end()
    gains = [level.gains(start, min(999, length - start)) for start in range(0, length, 999)]
    np.testing.assert_array_equal(np.concatenate(gains), levelling_gains(recording, -25.0))
