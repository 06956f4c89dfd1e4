"""Our own plain network: a spec and its weights, nothing to assume.

As a file: ``torch.save({"spec": checkpoint.spec.as_dict(), "state_dict": checkpoint.weights}, path)``.
"""

from __future__ import annotations

from torch import nn

from tasnet2hef.model.checkpoint.layouts import asteroid
from tasnet2hef.model.checkpoint.letters import input_level
from tasnet2hef.model.checkpoint.stored import (
    SPEC_PLACE,
    FoundWeights,
    NamedWeights,
    RawCheckpoint,
    Recorded,
    has_spec,
)
from tasnet2hef.model.network.reference import ReferenceTasNet

NAME = "tasnet2hef reference"
ANCHOR = asteroid.ANCHOR
_PLACE = SPEC_PLACE


def claims(found: FoundWeights) -> bool:
    """Return whether there is a spec beside the weights."""
    return has_spec(found)


def find(found: FoundWeights) -> NamedWeights:
    """Take both as they are."""
    spec = next(dict(entry.values) for entry in found.metadata if entry.place == _PLACE)
    level = input_level(found)
    return NamedWeights(
        found.where, found.weights, Recorded(spec, _PLACE), input_level_dbfs=level, plain_filters=True
    )


def claims_module(module: nn.Module) -> bool:
    """Return whether this is a ReferenceTasNet."""
    return isinstance(module, ReferenceTasNet)


def from_live(module: nn.Module) -> RawCheckpoint:
    """Take spec and weights."""
    assert isinstance(module, ReferenceTasNet)
    return RawCheckpoint(type(module).__name__, {"spec": module.spec.as_dict(), "state_dict": module.state_dict()})
