"""Reads the prompts of each voice: those that are speech, trimmed, at one level."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import numpy as np
import soundfile

from scripts.demo_network.split import Part, part_of
from tasnet2hef.audio.level import FRAME_SECONDS, PAUSE_DB, rms_dbfs
from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import AudioError
from tasnet2hef.train.mixtures import SAMPLE_RATE_HZ, Prompt

SOUNDS: Final = Path("/usr/share/asterisk/sounds")
"""The folder into which Debian's asterisk-core-sounds-*-wav packages are installed."""
LEVEL_DBFS: Final = -25.0
"""RMS of every prompt, so that only the mixer sets the levels of the voices."""
QUIETEST_DBFS: Final = -45.0
"""A prompt below this RMS holds no speech."""
FRAME_SAMPLES: Final = round(FRAME_SECONDS * SAMPLE_RATE_HZ)
MARGIN_SAMPLES: Final = 240
NOT_SPEECH: Final = ("silence/*", "*beep*", "*2tone*", "tt-monkeys", "confbridge-begin-glorious*")


@dataclass(frozen=True)
class Voice:
    """A speaker, and the folders of this speaker's prompts."""

    name: str
    folders: tuple[str, ...]


@dataclass(frozen=True)
class StudioPrompt(Prompt):
    """A prompt of a Debian package: also its file's SHA-256 and its part of the split."""

    sha256: str
    part: Part


def trim_silence(samples: Samples) -> Samples:
    """Cut silence at both ends, leaving 30 ms; ``[sample]`` to ``[sample]``, empty if all is silence."""
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    power = np.square(frames).mean(axis=1)
    loud = np.flatnonzero(power > max(power.max(initial=0) * 10 ** (PAUSE_DB / 10), 1e-9))
    if not len(loud):
        return samples[:0]
    start, stop = loud[0] * FRAME_SAMPLES - MARGIN_SAMPLES, (loud[-1] + 1) * FRAME_SAMPLES + MARGIN_SAMPLES
    return samples[max(0, start) : stop]


def holds_speech(trimmed: Samples) -> bool:
    """Return whether a trimmed prompt is long and loud enough to be speech."""
    return len(trimmed) >= FRAME_SAMPLES and rms_dbfs(trimmed) >= QUIETEST_DBFS


def read_trimmed(path: Path) -> Samples:
    """Read a prompt ``[sample]`` without the silence at its ends; refuse another rate or several channels."""
    samples, rate_hz = soundfile.read(path, dtype="float32")
    if rate_hz != SAMPLE_RATE_HZ or samples.ndim != 1:
        raise AudioError(f"{path}: found {rate_hz} Hz, shape {samples.shape}; expected 8000 Hz, one channel")
    return trim_silence(samples)


def make_prompt(voice: str, name: str, path: Path, trimmed: Samples) -> StudioPrompt:
    """Scale a trimmed prompt to the common level; add its file's digest and its part of the split."""
    levelled = trimmed * np.float32(10 ** ((LEVEL_DBFS - rms_dbfs(trimmed)) / 20))
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    return StudioPrompt(voice, name, levelled, digest, part_of(name.split("/", 1)[1]))


def find_prompts(voice: Voice, sounds: Path = SOUNDS) -> list[StudioPrompt]:
    """Read all prompts of one voice that are speech, sorted by name; refuse if a folder is missing."""
    prompts = []
    for folder in voice.folders:
        if not (sounds / folder).is_dir():
            raise AudioError(f"{sounds / folder}: missing; install asterisk-core-sounds-{folder[:2]}-wav")
        for path in sorted((sounds / folder).rglob("*.wav")):
            name = path.relative_to(sounds / folder).with_suffix("").as_posix()
            if any(fnmatch(name, pattern) for pattern in NOT_SPEECH):
                continue
            trimmed = read_trimmed(path)
            if holds_speech(trimmed):
                prompts.append(make_prompt(voice.name, f"{folder}/{name}", path, trimmed))
    return prompts


def drop_repeats(prompts: Iterable[StudioPrompt]) -> list[StudioPrompt]:
    """Keep one of each recording: a file with two names could be in two parts of the split.

    A recording that two voices share is a package's substitute for a missing translation: both are dropped.
    """
    owners: dict[str, set[str]] = {}
    first: dict[str, StudioPrompt] = {}
    for prompt in prompts:
        owners.setdefault(prompt.sha256, set()).add(prompt.voice)
        first.setdefault(prompt.sha256, prompt)
    return [prompt for digest, prompt in first.items() if len(owners[digest]) == 1]


def prompts_by_voice(voices: Sequence[Voice], part: Part, sounds: Path = SOUNDS) -> dict[str, list[StudioPrompt]]:
    """Read the prompts of one part of the split, grouped by voice."""
    every = drop_repeats(prompt for voice in voices for prompt in find_prompts(voice, sounds))
    return {voice.name: [p for p in every if p.voice == voice.name and p.part == part] for voice in voices}
