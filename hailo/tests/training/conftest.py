"""Voices made in the test: tones with a syllable rhythm, so that no package of speech is needed."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
import pytest

from tasnet2hef.spec import TasNetSpec
from tasnet2hef.training.mixtures import Mixer
from tasnet2hef.training.voices import SAMPLE_RATE_HZ, Prompt


def make_tone(voice: str, number: int, pitch_hz: float) -> Prompt:
    """A prompt of 0.3 s at the given pitch, -25 dBFS or near."""
    random = np.random.default_rng(zlib.crc32(f"{voice} {number}".encode()))
    seconds = np.arange(int(0.3 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tone = np.sin(2 * np.pi * pitch_hz * seconds + random.uniform(0, 6)) * (1.2 + np.sin(2 * np.pi * 4 * seconds))
    samples = (0.05 * tone + 0.002 * random.standard_normal(len(tone))).astype(np.float32)
    return Prompt(voice, f"{voice}/{number}", f"sha of {voice} {number}", "train", samples)


@pytest.fixture
def tone_prompts() -> dict[str, list[Prompt]]:
    pitches_hz = {"low": 150.0, "high": 900.0}
    return {name: [make_tone(name, k, pitch) for k in range(4)] for name, pitch in pitches_hz.items()}


@pytest.fixture
def make_mixer(tone_prompts: dict[str, list[Prompt]]) -> Callable[..., Mixer]:
    """A function that makes a mixer of the two tone voices; its arguments are the mixer's."""

    def make(samples: int = 1600, speed: bool = False) -> Mixer:
        return Mixer(tone_prompts, [("low", "high")], samples, speed)

    return make


@pytest.fixture
def tiny_spec() -> TasNetSpec:
    return TasNetSpec(
        n_src=2,
        n_filters=16,
        out_chan=16,
        kernel_size=16,
        stride=8,
        bn_chan=8,
        hid_chan=8,
        skip_chan=8,
        n_blocks=2,
        n_repeats=1,
        mask_act="relu",
    )
