"""The learning-rate schedule, and the running average of the weights."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import nn

WARM_UP_STEPS: Final = 200
CONSTANT_SHARE: Final = 0.6
LAST_SHARE: Final = 0.01
AVERAGE_DECAY: Final = 0.999


def learning_rate_share(step: int, steps: int) -> float:
    """Return the share of the peak rate at ``step`` of ``steps``: warm-up, constant, then half a cosine to 1 %.

    >>> [round(learning_rate_share(step, 10_000), 3) for step in (0, 199, 6000, 8000, 10_000)]
    [0.005, 1.0, 1.0, 0.505, 0.01]
    """
    warm_up = min(1.0, (step + 1) / WARM_UP_STEPS)
    decayed = min(1.0, max(0.0, (step / steps - CONSTANT_SHARE) / (1 - CONSTANT_SHARE)))
    return warm_up * (LAST_SHARE + (1 - LAST_SHARE) * 0.5 * (1 + math.cos(math.pi * decayed)))


@torch.no_grad()
def update_average(average: nn.Module, net: nn.Module, step: int) -> None:
    """Move ``average``'s weights towards ``net``'s, in early steps faster: a warmed-up exponential average."""
    decay = min(AVERAGE_DECAY, (1 + step) / (10 + step))
    for averaged, current in zip(average.parameters(), net.parameters(), strict=True):
        averaged.lerp_(current, 1 - decay)
