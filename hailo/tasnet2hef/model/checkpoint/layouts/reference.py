"""Our own plain network: a spec and its weights, nothing to assume.

As a file: ``torch.save({"spec": checkpoint.spec.as_dict(), "state_dict": checkpoint.weights}, path)``.
"""

from __future__ import annotations

from collections.abc import Mapping

from torch import nn

from tasnet2hef.model.checkpoint.state_dicts import plain_keys, tensors_of
from tasnet2hef.model.checkpoint.stored import NamedWeights, RawCheckpoint
from tasnet2hef.model.network.reference import ReferenceTasNet

NAME = "tasnet2hef reference"


def claims(content: Mapping[str, object]) -> bool:
    """Return whether there is a spec beside the weights."""
    return isinstance(content.get("spec"), Mapping) and isinstance(content.get("state_dict"), Mapping)


def find(raw: RawCheckpoint) -> NamedWeights:
    """Take both as they are."""
    spec, state = raw.content["spec"], raw.content["state_dict"]
    assert isinstance(spec, Mapping)
    assert isinstance(state, Mapping)
    recorded = {str(name): value for name, value in spec.items()}
    weights = tensors_of(raw.where, plain_keys(state))
    return NamedWeights(raw.where, weights, recorded, "its spec", plain_filters=True)


def claims_module(module: nn.Module) -> bool:
    """Return whether this is a ReferenceTasNet."""
    return isinstance(module, ReferenceTasNet)


def from_live(module: nn.Module) -> RawCheckpoint:
    """Take spec and weights."""
    assert isinstance(module, ReferenceTasNet)
    return RawCheckpoint(type(module).__name__, {"spec": module.spec.as_dict(), "state_dict": module.state_dict()})
