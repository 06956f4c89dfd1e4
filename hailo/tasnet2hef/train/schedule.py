"""How the learning rate goes over the steps, and the running average of the weights."""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import nn

WARM_UP_STEPS: Final = 200
HELD_SHARE: Final = 0.6
LAST_SHARE: Final = 0.01
AVERAGE_DECAY: Final = 0.999


def learning_rate_share(step: int, steps: int) -> float:
    """Return the share of the peak rate at ``step`` of ``steps``: rise, hold, then half a cosine down to 1 %.

    >>> [round(learning_rate_share(step, 10_000), 3) for step in (0, 199, 6000, 8000, 10_000)]
    [0.005, 1.0, 1.0, 0.505, 0.01]
    """
    rise = min(1.0, (step + 1) / WARM_UP_STEPS)
    fallen = min(1.0, max(0.0, (step / steps - HELD_SHARE) / (1 - HELD_SHARE)))
    return rise * (LAST_SHARE + (1 - LAST_SHARE) * 0.5 * (1 + math.cos(math.pi * fallen)))


@torch.no_grad()
def update_average(average: nn.Module, net: nn.Module, step: int) -> None:
    """Move ``average``'s weights towards ``net``'s; the first steps move faster, so that it never lags far."""
    decay = min(AVERAGE_DECAY, (1 + step) / (10 + step))
    for kept, current in zip(average.parameters(), net.parameters(), strict=True):
        kept.lerp_(current, 1 - decay)
