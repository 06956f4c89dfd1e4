"""Small networks of our own, and files of them: for tests that need no oracle."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from tasnet2hef.base.spec import NOT_ASTEROID, TasNetSpec
from tasnet2hef.model.network.reference import ReferenceTasNet

SMALL: dict[str, Any] = {
    "n_src": 2,
    "n_filters": 16,
    "bn_chan": 4,
    "hid_chan": 8,
    "skip_chan": 6,
    "n_blocks": 3,
    "n_repeats": 2,
    "mask_act": "relu",
}


def small_weights(**options: object) -> dict[str, Tensor]:
    """Return a state dict with Asteroid's names."""
    with torch.random.fork_rng():
        torch.manual_seed(11)
        return dict(ReferenceTasNet(TasNetSpec.from_options({**SMALL, **options})).state_dict())


def small_package(**options: object) -> dict[str, Any]:
    """Return what Asteroid's ``serialize()`` would."""
    spec = TasNetSpec.from_options({**SMALL, **options}).as_dict()
    model_args = {name: value for name, value in spec.items() if name not in NOT_ASTEROID}
    return {
        "model_name": "ConvTasNet",
        "state_dict": small_weights(**options),
        "model_args": model_args,
        "infos": {},
    }


def saved(content: object, path: Path) -> Path:
    """Save with torch and return the path."""
    torch.save(content, path)
    return path
