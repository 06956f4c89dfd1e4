"""Find the prompts of each voice, refuse what is not speech, trim silence and bring all to one level."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile

from tasnet2hef.errors import AudioError
from tasnet2hef.training.split import Side, side_of

SAMPLE_RATE_HZ: Final = 8000
SOUNDS: Final = Path("/usr/share/asterisk/sounds")
LEVEL_DBFS: Final = -25.0
"""RMS every prompt is brought to, so that only the mixer decides who is louder."""
SILENCE_DB: Final = -35.0
"""A frame this far below the prompt's loudest frame is silence."""
QUIETEST_DBFS: Final = -45.0
"""A prompt below this RMS holds no speech."""
FRAME_SAMPLES: Final = 160
MARGIN_SAMPLES: Final = 240
NOT_SPEECH: Final = ("silence/*", "*beep*", "*2tone*", "tt-monkeys", "confbridge-begin-glorious*")

Samples = np.ndarray[Any, np.dtype[np.float32]]


@dataclass(frozen=True)
class Voice:
    """A person, and the folders of prompts that this person spoke."""

    name: str
    folders: tuple[str, ...]


CARLO: Final = Voice("Carlo", ("it_IT_m_Carlo",))
ALLISON: Final = Voice("Allison", ("en_US_f_Allison", "es_MX_f_Allison"))
JUNE: Final = Voice("June", ("fr_CA_f_June",))
IVRVOICE: Final = Voice("ivrvoice", ("ru_RU_f_IvrvoiceRU",))


@dataclass(frozen=True)
class Prompt:
    """One prompt: who says it, its name (``folder/name``), its file's SHA-256, its level samples ``[sample]``."""

    voice: str
    name: str
    sha256: str
    side: Side
    samples: Samples


def rms_dbfs(samples: Samples) -> float:
    """Return the RMS level in dB relative to full scale."""
    return float(10 * np.log10(np.mean(np.square(samples, dtype=np.float64)) + 1e-20))


def trim_silence(samples: Samples) -> Samples:
    """Cut silence at both ends, leaving 30 ms; ``[sample]`` to ``[sample]``, empty where all is silence."""
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    if not len(frames):
        return samples[:0]
    power = np.square(frames).mean(axis=1)
    loud = np.flatnonzero(power > max(power.max() * 10 ** (SILENCE_DB / 10), 1e-9))
    if not len(loud):
        return samples[:0]
    start, stop = loud[0] * FRAME_SAMPLES - MARGIN_SAMPLES, (loud[-1] + 1) * FRAME_SAMPLES + MARGIN_SAMPLES
    return samples[max(0, start) : stop]


def read_prompt(voice: str, path: Path, name: str) -> Prompt | None:
    """Read one prompt, trimmed and at the common level; None where the file holds no speech."""
    samples, rate_hz = soundfile.read(path, dtype="float32")
    if rate_hz != SAMPLE_RATE_HZ or samples.ndim != 1:
        raise AudioError(f"{path}: found {rate_hz} Hz, {samples.ndim} axes; expected 8000 Hz, one channel")
    trimmed = trim_silence(samples)
    if len(trimmed) < FRAME_SAMPLES or rms_dbfs(trimmed) < QUIETEST_DBFS:
        return None
    level = trimmed * np.float32(10 ** ((LEVEL_DBFS - rms_dbfs(trimmed)) / 20))
    stem = name.split("/", 1)[1]
    return Prompt(voice, name, hashlib.sha256(path.read_bytes()).hexdigest(), side_of(stem), level)


def find_prompts(voice: Voice, sounds: Path = SOUNDS) -> list[Prompt]:
    """Read all prompts of one voice, sorted by name; refuse where a folder is missing."""
    prompts = []
    for folder in voice.folders:
        if not (sounds / folder).is_dir():
            raise AudioError(f"{sounds / folder}: missing; install asterisk-core-sounds-{folder[:2]}-wav")
        for path in sorted((sounds / folder).rglob("*.wav")):
            stem = path.relative_to(sounds / folder).with_suffix("").as_posix()
            if any(fnmatch(stem, pattern) for pattern in NOT_SPEECH):
                continue
            prompt = read_prompt(voice.name, path, f"{folder}/{stem}")
            if prompt is not None:
                prompts.append(prompt)
    return prompts


def drop_repeats(prompts: Iterable[Prompt]) -> list[Prompt]:
    """Keep one of each recording: a file that stands under two names could be on two sides of the split.

    A recording that two voices share is a package's stand-in for a missing translation: both are dropped.
    """
    prompts = list(prompts)
    voices = Counter(sha for sha, _ in {(prompt.sha256, prompt.voice) for prompt in prompts})
    kept: dict[str, Prompt] = {}
    for prompt in prompts:
        if voices[prompt.sha256] == 1:
            kept.setdefault(prompt.sha256, prompt)
    return list(kept.values())
