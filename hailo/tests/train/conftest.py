"""Small nets and a folder of made-up speakers: tones with a syllable rhythm."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.train.mixtures import SAMPLE_RATE_HZ, Mixer, Prompt
from tests.random_weights import random_reference, small_spec

RATE_HZ = 8000
PITCHES_HZ = {"low": 150.0, "high": 900.0}

MakeTeacher = Callable[..., ReferenceTasNet]


@pytest.fixture
def make_teacher() -> MakeTeacher:
    """A function that makes a small net with random weights; its arguments are the spec's."""

    def make(**options: object) -> ReferenceTasNet:
        return random_reference(small_spec(**{"mask_act": "relu", "n_repeats": 1, **options}))

    return make


def tone(pitch_hz: float, seed: int, seconds: float = 0.6) -> np.ndarray:
    random = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE_HZ)) / RATE_HZ
    voiced = np.sin(2 * np.pi * pitch_hz * time + random.uniform(0, 6)) * (1.2 + np.sin(2 * np.pi * 4 * time))
    return (0.05 * voiced + 0.002 * random.standard_normal(len(time))).astype(np.float32)


def write_speech(folder: Path, rate_hz: int = RATE_HZ, gain: float = 1.0) -> Path:
    """Write two speakers with eight recordings each."""
    for speaker, pitch_hz in PITCHES_HZ.items():
        (folder / speaker).mkdir(parents=True)
        for number in range(8):
            samples = gain * tone(pitch_hz * (1 + 0.01 * number), number)
            soundfile.write(folder / speaker / f"{speaker}{number}.wav", samples, rate_hz, subtype="PCM_16")
    return folder


@pytest.fixture
def speech_folder(tmp_path: Path) -> Path:
    return write_speech(tmp_path / "speech")


@pytest.fixture
def mixtures() -> torch.Tensor:
    """Eight clips ``[clip, sample]`` of both voices."""
    return torch.from_numpy(np.stack([tone(150.0, seed) + tone(900.0, seed + 50) for seed in range(8)]))


def make_tone(voice: str, number: int, pitch_hz: float) -> Prompt:
    """A prompt of 0.3 s at the given pitch, -25 dBFS or near."""
    random = np.random.default_rng(zlib.crc32(f"{voice} {number}".encode()))
    seconds = np.arange(int(0.3 * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ
    tone = np.sin(2 * np.pi * pitch_hz * seconds + random.uniform(0, 6)) * (1.2 + np.sin(2 * np.pi * 4 * seconds))
    samples = (0.05 * tone + 0.002 * random.standard_normal(len(tone))).astype(np.float32)
    return Prompt(voice, f"{voice}/{number}", samples)


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
