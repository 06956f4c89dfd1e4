"""Prompts are trimmed, levelled and refused as documented, on files made in the test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from scripts.demo_network.voices import (
    LEVEL_DBFS,
    MARGIN_SAMPLES,
    SAMPLE_RATE_HZ,
    Voice,
    drop_repeats,
    find_prompts,
    trim_silence,
)
from tasnet2hef.audio.level import rms_dbfs
from tasnet2hef.base.errors import AudioError

VOICE = Voice("somebody", ("xx",))


def noise(samples: int, seed: int = 0) -> np.ndarray[Any, np.dtype[np.float32]]:
    return (0.1 * np.random.default_rng(seed).standard_normal(samples)).astype(np.float32)


def write(path: Path, samples: np.ndarray[Any, Any], rate_hz: int = SAMPLE_RATE_HZ) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, samples, rate_hz, subtype="PCM_16")


def test_trims_to_the_margin_at_both_ends() -> None:
    silence = np.zeros(3200, np.float32)
    trimmed = trim_silence(np.concatenate([silence, noise(8000), silence]))
    assert len(trimmed) == 8000 + 2 * MARGIN_SAMPLES
    assert np.abs(trimmed[MARGIN_SAMPLES : MARGIN_SAMPLES + 8000]).min() >= 0
    assert not trimmed[: MARGIN_SAMPLES - 1].any()


@pytest.mark.parametrize("samples", [0, 100, 8000])
def test_silence_is_trimmed_to_nothing(samples: int) -> None:
    assert len(trim_silence(np.zeros(samples, np.float32))) == 0


def test_prompts_come_levelled_and_without_what_is_not_speech(tmp_path: Path) -> None:
    for number, name in enumerate(("hello", "digits/1", "beep", "silence/1", "ascending-2tone")):
        write(tmp_path / "xx" / f"{name}.wav", noise(4000, number))
    write(tmp_path / "xx" / "empty.wav", np.zeros(4000))
    prompts = find_prompts(VOICE, tmp_path)
    assert [prompt.name for prompt in prompts] == ["xx/digits/1", "xx/hello"]
    assert [rms_dbfs(prompt.samples) for prompt in prompts] == pytest.approx([LEVEL_DBFS] * 2, abs=1e-3)


def test_a_recording_under_two_names_is_kept_once(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write(tmp_path / "xx" / f"{name}.wav", noise(4000))
    assert [prompt.name for prompt in drop_repeats(find_prompts(VOICE, tmp_path))] == ["xx/a"]


def test_a_recording_under_two_voices_is_dropped(tmp_path: Path) -> None:
    for folder in ("xx", "yy"):
        write(tmp_path / folder / "a.wav", noise(4000))
        write(tmp_path / folder / "b.wav", noise(4000, len(folder) + ord(folder[0])))
    voices = (VOICE, Voice("other", ("yy",)))
    kept = drop_repeats(prompt for voice in voices for prompt in find_prompts(voice, tmp_path))
    assert [prompt.name for prompt in kept] == ["xx/b", "yy/b"]


def test_refuses_another_rate(tmp_path: Path) -> None:
    write(tmp_path / "xx" / "a.wav", noise(4000), 16000)
    with pytest.raises(AudioError, match=r"found 16000 Hz.*expected 8000 Hz"):
        find_prompts(VOICE, tmp_path)


def test_names_the_missing_package(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="missing; install asterisk-core-sounds-xx-wav"):
        find_prompts(VOICE, tmp_path)
