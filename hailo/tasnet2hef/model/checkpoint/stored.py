"""What travels between the steps of loading: a file's values, then the Conv-TasNet found in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from torch import Tensor, nn


@dataclass(frozen=True)
class Stored:
    """Plain values read from a file, before anything is made of them."""

    where: str
    """The file as the user named it; begins every message."""
    content: Mapping[str, object]
    """The file's mapping: a state dict, or one wrapped in other entries."""
    path: Path | None = None
    """The file itself, for what lies beside it; None for a live network."""


@dataclass(frozen=True)
class Found:
    """A Conv-TasNet under Asteroid's names, not yet checked."""

    where: str
    weights: dict[str, Tensor]
    """Asteroid's parameter names, as stored."""
    recorded: dict[str, object] = field(default_factory=dict)
    """Options that came with the weights, under Asteroid's names."""
    recorded_in: str = "the file"
    """Where those options were found, in words."""
    notes: tuple[str, ...] = ()
    input_level_dbfs: float | None = None
    """Speech level that the norms' constants were fitted to."""
    plain_filters: bool = False
    """The filters are final, whatever family ``fb_name`` names."""


class Container(Protocol):
    """A module of ``containers/``: one kind of place that weights come from."""

    def claims(self, location: str) -> bool:
        """Say whether this module is the one to open the location."""

    def open_stored(self, location: str) -> Stored:
        """Read the location; runs no code from it. Refuses with a CheckpointError."""


class Layout(Protocol):
    """A module of ``layouts/``: one naming of a Conv-TasNet's weights and options."""

    NAME: str

    def claims(self, content: Mapping[str, object]) -> bool:
        """Say whether the mapping is in this layout."""

    def find(self, stored: Stored) -> Found:
        """Take the Conv-TasNet out. Refuses with a CheckpointError."""

    def claims_module(self, module: nn.Module) -> bool:
        """Say whether the live network is one of this layout's."""

    def from_live(self, module: nn.Module) -> Stored:
        """Take a live network's values, as if it had been stored."""
