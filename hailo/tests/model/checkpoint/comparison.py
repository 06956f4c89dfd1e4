"""Compare two separations of one clip, and make clips to separate."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def speech_like(samples: int, seed: int = 7) -> Tensor:
    """Noise with syllables and a pause, ``[2, samples]``; the second row is 30 dB softer."""
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(2, samples, generator=generator)
    syllables = torch.sin(torch.arange(samples) * (2 * math.pi / 600)).clamp(min=0)
    return noise * syllables * torch.tensor([[0.3], [0.01]])


def assert_same_waveforms(actual: Tensor, expected: Tensor, *, at_least_db: float) -> None:
    """Require equal shapes and the given ratio of signal to error."""
    assert actual.shape == expected.shape
    error = (actual - expected).double()
    ratio_db = _ratio_db(expected.double().pow(2).sum().item(), error.pow(2).sum().item())
    where = int(error.abs().argmax())
    assert ratio_db >= at_least_db, (
        f"{ratio_db:.1f} dB of signal to error, expected {at_least_db} dB; largest error {error.abs().max():.3g} "
        f"at flat index {where}, where {actual.flatten()[where]:.6g} should be {expected.flatten()[where]:.6g}"
    )


def _ratio_db(signal: float, error: float) -> float:
    assert signal > 0, "the expected output is silent, so nothing was compared"
    return math.inf if error == 0 else 10 * math.log10(signal / error)
