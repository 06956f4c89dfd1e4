"""A stream's level is followed, and its gain taken back exactly."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasnet2hef.audio.level import speech_level_dbfs
from tasnet2hef.audio.stream_leveller import RunningLevel, StreamLeveller

RATE_HZ = 8000


def talk(seconds: float, level: float) -> np.ndarray:
    """Syllables of noise with pauses."""
    samples = np.random.default_rng(0).standard_normal(int(seconds * RATE_HZ)).astype(np.float32)
    syllables = (np.arange(len(samples)) // 1600) % 3 > 0
    return level * samples * (syllables + np.float32(1e-4))


@pytest.mark.parametrize("level", [0.002, 0.03, 0.5])
def test_a_net_hears_its_level_and_the_listener_the_stream_s(level: float) -> None:
    leveller, samples, delay = StreamLeveller(-25.0, RATE_HZ), talk(10, level), 500
    heard = np.concatenate([leveller.apply(block) for block in np.array_split(samples, 333)])
    assert speech_level_dbfs(heard[RATE_HZ:], RATE_HZ) == pytest.approx(-25, abs=0.5)
    late = np.split(np.stack([heard, -heard]), [0, delay, 7777], axis=1)
    out = np.concatenate([leveller.revert(part) for part in late], axis=1)
    np.testing.assert_allclose(out, [samples, -samples], rtol=1e-5)


def test_a_net_for_any_level_is_left_alone() -> None:
    leveller, samples = StreamLeveller(None, RATE_HZ), talk(0.1, 0.03)
    assert leveller.apply(samples) is samples
    assert leveller.revert(samples[None]).base is samples


@given(cuts=st.lists(st.integers(0, 6000), max_size=8))
def test_blocks_of_any_length_give_the_same_gains(cuts: list[int]) -> None:
    samples = talk(0.75, 0.03)
    whole = RunningLevel(-25.0, RATE_HZ).gains(samples)
    level = RunningLevel(-25.0, RATE_HZ)
    parts = [level.gains(part) for part in np.split(samples, sorted(cuts))]
    np.testing.assert_allclose(np.concatenate(parts), whole, rtol=1e-6)


def test_pauses_hold_the_gain_and_a_slammed_door_is_forgotten() -> None:
    level = RunningLevel(-25.0, RATE_HZ)
    spoken = level.gains(talk(5, 0.03))[-1]
    assert level.gains(1e-6 * talk(20, 1.0))[-1] == pytest.approx(spoken, rel=0.01)
    level.gains(np.ones(160, np.float32))
    assert level.gains(talk(20, 0.03))[-1] == pytest.approx(spoken, rel=0.3)


def test_silence_from_the_start_leaves_the_gain_alone() -> None:
    assert set(RunningLevel(-25.0, RATE_HZ).gains(np.zeros(9000, np.float32))) == {1.0}
