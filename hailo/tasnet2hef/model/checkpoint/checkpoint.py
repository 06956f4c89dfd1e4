"""Checkpoint: a trained Conv-TasNet as a spec and its weights."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.model.network.reference import ReferenceTasNet


def digest_of_weights(weights: Mapping[str, Tensor]) -> str:
    """Return the SHA-256 of tensors, in their order, in hexadecimal."""
    digest = hashlib.sha256()
    for tensor in weights.values():
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


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

    @property
    def digest(self) -> str:
        """SHA-256 of the weights, by which the files that are made of them know their origin."""
        return digest_of_weights(self.weights)

    def reference(self) -> ReferenceTasNet:
        """Build the plain network with these weights, in evaluation mode."""
        with torch.device("meta"):
            net = ReferenceTasNet(self.spec)
        net.load_state_dict({name: tensor.clone() for name, tensor in self.weights.items()}, assign=True)
        return net.eval()
