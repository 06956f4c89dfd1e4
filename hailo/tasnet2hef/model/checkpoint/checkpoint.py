"""Checkpoint: a trained Conv-TasNet as a spec and its weights."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.network.reference import ReferenceTasNet


@dataclass(frozen=True)
class Checkpoint:
    """A trained Conv-TasNet, whatever file it came from."""

    spec: TasNetSpec
    """The architecture."""
    weights: dict[str, Tensor]
    """Names and shapes of ``ReferenceTasNet(spec).state_dict()``; float32 on the CPU, finite."""
    format: str
    """What the weights were read from, in words."""
    notes: tuple[str, ...] = ()
    """What was assumed, dropped or converted; one line each."""
    input_level_dbfs: float | None = None
    """Speech level that the norms' constants were fitted to, and that the host brings its input to; else None."""

    def reference(self) -> ReferenceTasNet:
        """Build the plain network with these weights, in evaluation mode."""
        with torch.device("meta"):
            net = ReferenceTasNet(self.spec)
        net.load_state_dict({name: tensor.clone() for name, tensor in self.weights.items()}, assign=True)
        return net.eval()
