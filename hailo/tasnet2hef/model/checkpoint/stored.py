"""What is passed between the steps of loading: a file's values, a network's weights, those under our names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from torch import Tensor, nn

INPUT_LEVEL: Final = "input_level_dbfs"
"""Where ``freeze`` and ``distil`` keep the speech level, among a file's ``infos``; Asteroid ignores it."""


class Metadata(NamedTuple):
    """Plain values that came with weights, under whatever names their project gives them."""

    place: str
    """Where they are, in words: ``its model_args``, ``the conf.yml beside it``."""
    values: Mapping[str, object]
    section: str = ""
    """The key under which they are."""
    is_beside: bool = False
    """They are in another file, which may belong to another network."""


Read = Sequence[tuple[Metadata, Mapping[str, object]]]
"""Metadata, the nearest first, with the options that a layout reads in each, under Asteroid's names."""

UNREAD: Final = "left unread"
"""Begins a note on a file beside the weights whose options are not used."""


class Recorded(NamedTuple):
    """Options that came with weights, under Asteroid's names, and where they are."""

    options: dict[str, object]
    place: str
    """In words."""
    read: Read = ()


SPEC_PLACE: Final = "its spec"
"""Place of the options of our own plain network."""
_WHOLE_SPEC: Final = frozenset(
    {"n_src", "n_filters", "kernel_size", "bn_chan", "hid_chan", "n_blocks", "n_repeats", "mask_act"}
)


@dataclass(frozen=True)
class RawCheckpoint:
    """Plain values as read from a file, not yet interpreted."""

    where: str
    """The file as the user named it; begins every message."""
    content: object
    """The file's values: mappings, lists, tensors and inert objects."""
    path: Path | None = None
    """The file itself, for what lies beside it; None for a live network."""
    metadata: tuple[Metadata, ...] = ()
    """What the place itself says, e.g. a rate in a repository's name."""


@dataclass(frozen=True)
class FoundWeights:
    """One network's weights in a file, under the names of their own layout."""

    where: str
    weights: dict[str, Tensor]
    """As stored, without the prefix that the network around them adds."""
    metadata: tuple[Metadata, ...] = ()
    """What is recorded in the file and beside it, the nearest first."""
    notes: tuple[str, ...] = ()
    settings: Mapping[str, object] = field(default_factory=dict)
    """The user's options, under Asteroid's names."""
    unread: Mapping[str, str] = field(default_factory=dict)
    """Tensors of another kind than plain numbers, by name: sparse, quantised or without values."""


def has_spec(found: FoundWeights) -> bool:
    """Return whether a whole spec of our own network is stored beside its weights."""
    return any(entry.place == SPEC_PLACE and entry.values.keys() >= _WHOLE_SPEC for entry in found.metadata)


class Choice(NamedTuple):
    """One possible value of an option that decides the numbers."""

    value: object
    hint: str
    """Who uses it."""


@dataclass(frozen=True)
class NamedWeights:
    """The weights of a Conv-TasNet under Asteroid's names, not yet checked."""

    where: str
    weights: dict[str, Tensor]
    """As stored, by Asteroid's parameter names."""
    recorded: Recorded
    fixed: Mapping[str, object] = field(default_factory=dict)
    """Options that the weights or their implementation show; they count more than what is recorded."""
    notes: tuple[str, ...] = ()
    questions: Mapping[str, Sequence[Choice]] = field(default_factory=dict)
    """Options that must be known and that neither weights nor metadata show; the first choice is the default."""
    assumptions: Mapping[str, Choice] = field(default_factory=dict)
    """What is taken, with a note, where nothing is recorded."""
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
    """A module of ``layouts/``: one naming of a Conv-TasNet's weights and options.

    One that also reads a live network's options has ``claims_module`` and ``from_live``, see ``LiveLayout``.
    """

    NAME: str
    ANCHOR: str
    """Pattern of one parameter's name that no other layout has; what precedes it is the prefix."""

    def claims(self, found: FoundWeights) -> bool:
        """Return whether weights, one of which is the anchor, are a net of this layout."""

    def find(self, found: FoundWeights) -> NamedWeights:
        """Rename weights and options. Refuse with a CheckpointError."""


class LiveLayout(Layout, Protocol):
    """A layout whose networks report their options."""

    def claims_module(self, module: nn.Module) -> bool:
        """Return whether the live network is one of this layout's."""

    def from_live(self, module: nn.Module) -> RawCheckpoint:
        """Return a live network's values as if they had been read from a file."""
