"""Weights that may be absent because nothing depends on them."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

_SKIP = "masker.TCN.0.skip_conv.weight"


def with_dead_weights(weights: Mapping[str, Tensor]) -> tuple[dict[str, Tensor], tuple[str, ...]]:
    """Add zeros for an absent residual convolution of the last block, and absent counters of batch norms.

    With a skip path the last residual feeds nothing; torchaudio leaves it out. Counters matter in training only.
    """
    complete = dict(weights)
    for key in weights:
        if key.endswith(".running_var"):
            complete.setdefault(f"{key.removesuffix('running_var')}num_batches_tracked", torch.tensor(0))
    residual = _last_residual(weights)
    if not residual or any(key in weights for key in residual):
        return complete, ()
    note = "the last block's residual convolution is absent; it feeds nothing, so zeros stand in for it"
    return {**complete, **residual}, (note,)


def _last_residual(weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Return zeros for the last block's residual convolution; empty if it has a use or its size is unknown."""
    last = sum(key.endswith(".shared_block.0.bias") for key in weights) - 1
    in_conv = weights.get(f"masker.TCN.{last}.shared_block.0.weight")
    if _SKIP not in weights or in_conv is None or in_conv.ndim != 3:
        return {}
    hidden, stream = in_conv.shape[:2]
    prefix = f"masker.TCN.{last}.res_conv"
    return {f"{prefix}.weight": torch.zeros(stream, hidden, 1), f"{prefix}.bias": torch.zeros(stream)}
