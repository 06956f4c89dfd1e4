"""Writes the shipped demo audio: a mixture, its two sources, and a list of the prompts in them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile

from scripts.demo_network.voices import StudioPrompt
from tasnet2hef.base.errors import AudioError
from tasnet2hef.train.mixtures import SAMPLE_RATE_HZ, Mixture

FULL_SCALE: Final = 32768

Pcm = np.ndarray[Any, np.dtype[np.int16]]


def to_pcm(mixture: Mixture) -> tuple[Pcm, Pcm]:
    """Return the mixture ``[sample]`` and its sources ``[source, sample]`` in 16 bits; the sum is exact.

    The sources are rounded first, and the mixture is the sum of the rounded sources. Refuses a sum that clips.
    """
    sources = np.round(mixture.sources * FULL_SCALE).astype(np.int64)
    total = sources.sum(axis=0)
    peak = int(max(np.abs(total).max(), np.abs(sources).max()))
    if peak >= FULL_SCALE:
        raise AudioError(f"mixture: found a peak of {peak}, expected less than {FULL_SCALE}; lower the level")
    return total.astype(np.int16), sources.astype(np.int16)


def write_demo(mixture: Mixture, prompts: Iterable[StudioPrompt], folder: Path) -> None:
    """Write ``demo_mixture.wav``, ``demo_source_1.wav``, ``demo_source_2.wav`` and ``demo_prompts.json``."""
    folder.mkdir(parents=True, exist_ok=True)
    total, sources = to_pcm(mixture)
    soundfile.write(folder / "demo_mixture.wav", total, SAMPLE_RATE_HZ, subtype="PCM_16")
    for number, source in enumerate(sources, start=1):
        soundfile.write(folder / f"demo_source_{number}.wav", source, SAMPLE_RATE_HZ, subtype="PCM_16")
    listing = {"sources": describe_sources(mixture, prompts)}
    (folder / "demo_prompts.json").write_text(json.dumps(listing, indent=2) + "\n", encoding="utf-8")


def write_speech(prompts: Mapping[str, Sequence[StudioPrompt]], groups: Mapping[str, str], folder: Path) -> int:
    """Write prompts as ``FOLDER/GROUP/VOICE/NAME.wav``, 16 bits, and return their number.

    ``groups`` is the group of each voice; ``tasnet2hef distil`` mixes prompts of different groups.
    """
    count = 0
    for voice, voice_prompts in prompts.items():
        for prompt in voice_prompts:
            path = folder / groups[voice] / voice / f"{prompt.name.replace('/', '_')}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            soundfile.write(path, prompt.samples, SAMPLE_RATE_HZ, subtype="PCM_16")
            count += 1
    return count


def describe_sources(mixture: Mixture, prompts: Iterable[StudioPrompt]) -> list[dict[str, Any]]:
    """List each source's voice and its prompts in order, with the SHA-256 of their files."""
    digests = {prompt.name: prompt.sha256 for prompt in prompts}
    return [
        {"voice": voice, "prompts": [{"file": f"{name}.wav", "sha256": digests[name]} for name in names]}
        for voice, names in zip(mixture.pair, mixture.prompts, strict=True)
    ]
