"""What is passed between the steps of loading: a file's values, then the weights of a Conv-TasNet by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn


@dataclass(frozen=True)
class RawCheckpoint:
    """Plain values as read from a file, not yet interpreted."""

    where: str
    """The file as the user named it; begins every message."""
    content: Mapping[str, object]
    """The file's mapping: a state dict, or one wrapped in other entries."""
    path: Path | None = None
    """The file itself, for what lies beside it; None for a live network."""


@dataclass(frozen=True)
class NamedWeights:
    """The weights of a Conv-TasNet under Asteroid's names, not yet checked."""

    where: str
    weights: dict[str, Tensor]
    """As stored, by Asteroid's parameter names."""
    recorded: dict[str, object] = field(default_factory=dict)
    """Options that came with the weights, under Asteroid's names."""
    recorded_in: str = "the file"
    """Where those options come from, in words."""
    notes: tuple[str, ...] = ()
    input_level_dbfs: float | None = None
    """Speech level that the norms' constants were fitted to."""
    plain_filters: bool = False
    """The filters are final, whatever family ``fb_name`` names."""


class Container(Protocol):
    """A module of ``containers/``: one kind of place that weights come from."""

    def claims(self, location: str) -> bool:
        """Return whether this module reads the location."""

    def read(self, location: str) -> RawCheckpoint:
        """Read the location; run no code from it. Refuse with a CheckpointError."""


class Layout(Protocol):
    """A module of ``layouts/``: one naming of a Conv-TasNet's weights and options."""

    NAME: str

    def claims(self, content: Mapping[str, object]) -> bool:
        """Return whether the mapping is in this layout."""

    def find(self, raw: RawCheckpoint) -> NamedWeights:
        """Extract the Conv-TasNet. Refuse with a CheckpointError."""

    def claims_module(self, module: nn.Module) -> bool:
        """Return whether the live network is one of this layout's."""

    def from_live(self, module: nn.Module) -> RawCheckpoint:
        """Return a live network's values as if they had been read from a file."""
