"""Small nets and a folder of made-up speakers: tones with a syllable rhythm."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch

from tasnet2hef.network.reference import ReferenceTasNet
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
