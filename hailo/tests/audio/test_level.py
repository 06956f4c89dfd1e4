"""Levels of speech, and the gain that brings them where a net wants them."""

from __future__ import annotations

import numpy as np
import pytest

from tasnet2hef.audio.level import LARGEST_GAIN_DB, levelling_gain, speech_level_dbfs

RATE_HZ = 8000


def talk(level: float = 0.1, seconds: float = 1.0) -> np.ndarray:
    return (level * np.random.default_rng(0).standard_normal(int(seconds * RATE_HZ))).astype(np.float32)


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
