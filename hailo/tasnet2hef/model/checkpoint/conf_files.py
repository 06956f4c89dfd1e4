"""Options beside a checkpoint: the files that training recipes write into an experiment's folder."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import yaml

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.base.records import (
    MOST_DEPTH,
    MOST_DIGITS,
    RecordError,
    decoded,
    parse_json,
    read_bounded,
    shown_name,
)
from tasnet2hef.model.checkpoint.stored import UNREAD, Metadata
from tasnet2hef.model.checkpoint.stored_values import walk

NAMES: Final = (
    "conf.yml",
    "config.yaml",
    "config.yml",
    "hyperparams.yaml",
    "hparams.yaml",
    "train.yml",
    "mdl.json",
    "config.json",
)
"""Asteroid; ESPnet and Hydra; SpeechBrain; Lightning; JusperLee; funcwj; Cadenza and the Hugging Face Hub."""

_SAVING_FOLDER = re.compile(r"checkpoints?|ckpts?|save|version_\d+|CKPT\+.*", re.IGNORECASE)
_TRAINING = re.compile(r"optim|sched|callback|loop|loss|metric|scaler", re.IGNORECASE)
_MOST_FOLDERS: Final = 4
_LARGEST: Final = 2**18
_LONGEST_NUMBER: Final = MOST_DIGITS
_MOST_VALUES: Final = 100_000
# YAML's constructors raise whatever their parsing of a value does.
_UNREADABLE: Final = (
    yaml.YAMLError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
    OSError,
)
_REFERENCE = re.compile(r"<(\w+)>")


class _PlainLoader(yaml.SafeLoader):  # type: ignore[misc]  # yaml has no types
    """Reads SpeechBrain's ``!new:`` and ``!ref`` as the plain values behind them; makes no object."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self._depth = self._values = 0
        self._values_of: dict[int, int] = {}
        """Values in each node that is complete, those of the nodes that it refers to counted each time."""

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node:
        """Read a node; an alias may repeat one, and so double what follows with every line."""
        is_alias = self.check_event(yaml.AliasEvent)
        before = self._values
        self._depth += 1
        if self._depth > MOST_DEPTH:
            raise RecordError(f"found more than {MOST_DEPTH} levels, expected fewer")
        node = super().compose_node(parent, index)
        self._depth -= 1
        if is_alias and id(node) not in self._values_of:
            raise RecordError("found a value that contains itself, expected plain ones")
        self._values += self._values_of[id(node)] if is_alias else 1
        if self._values > _MOST_VALUES:
            raise RecordError(f"found more than {_MOST_VALUES:,} values, expected options")
        if not is_alias:
            self._values_of[id(node)] = self._values - before
        return node


def _number(loader: yaml.SafeLoader, node: yaml.Node) -> Any:
    """Read an integer; YAML 1.1's numbers to the base of 60 (``1:30``) stay text, as in YAML 1.2."""
    text = str(loader.construct_scalar(node))
    return text if ":" in text or len(text) > _LONGEST_NUMBER else loader.construct_yaml_int(node)


def _plain(loader: yaml.SafeLoader, _: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_PlainLoader.add_multi_constructor("", _plain)
_PlainLoader.add_constructor("tag:yaml.org,2002:int", _number)


def metadata_beside(path: Path) -> tuple[tuple[Metadata, ...], tuple[str, ...]]:
    """Read the recipes' files in the folder of ``path`` (or in it), and above folders that keep checkpoints.

    Also return notes on files that can't be read: another project's may have the same name.
    """
    folder = path if path.is_dir() else path.parent
    metadata: list[Metadata] = []
    unread: list[str] = []
    for _ in range(_MOST_FOLDERS):
        files = (folder / name for name in NAMES)
        for file in (file for file in files if file.is_file()):
            place = f"the {file.name} beside it" if folder == path.parent else f"{file}"
            try:
                metadata += _sections(place, read_conf(file))
            except CheckpointError as error:
                unread.append(f"{UNREAD}: {error}")
        if not _SAVING_FOLDER.fullmatch(folder.resolve().name):
            break
        folder = folder.resolve().parent
    return tuple(metadata), tuple(unread)


def _sections(place: str, conf: Mapping[str, object]) -> Iterator[Metadata]:
    """Yield the file's values and those of its sections: a network's options may be in any of them."""
    for path, section in walk(conf):
        if is_of_training(path):
            continue
        values = {name: conf.get(m[1], v) if (m := _reference(v)) else v for name, v in section.items()}
        yield Metadata(place, values, path[-1] if path else "", is_beside=True)


def is_of_training(path: Iterable[str]) -> bool:
    """Return whether keys lead to the training's own options, whose words mean something else."""
    return any(_TRAINING.search(name) for name in path)


def _reference(value: object) -> re.Match[str] | None:
    return _REFERENCE.fullmatch(value) if isinstance(value, str) else None


def read_conf(path: Path) -> Mapping[str, object]:
    """Read a recipe's options; refuse anything that is not a mapping of plain values."""
    try:
        text = decoded(read_bounded(path, _LARGEST))
        conf = parse_json(text) if path.suffix == ".json" else yaml.load(text, _PlainLoader)  # a SafeLoader
    except _UNREADABLE as error:
        reason = next((shown_name(line) for line in str(error).splitlines()), type(error).__name__)
        kind = "JSON" if path.suffix == ".json" else "YAML"
        raise CheckpointError(f"{path}: can't be read as {kind} ({reason}); fix or remove it") from error
    if conf is None:
        return {}
    if not isinstance(conf, Mapping):
        raise CheckpointError(f"{path}: found a {type(conf).__name__}, expected a mapping; fix or remove it")
    return {str(key): value for key, value in conf.items()}
