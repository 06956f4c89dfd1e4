"""Finds the files of each net in a folder: graph, segments, HEF, reference and calibration sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tasnet2hef.base.errors import InputError
from tasnet2hef.runtime.backends.segment_names import segment_of, segment_path
from tasnet2hef.runtime.reference_clips import SUFFIX, reference_path

KINDS: Final = (".onnx", ".hef")


@dataclass(frozen=True)
class NetFiles:
    """One net's files; None for those that are absent."""

    name: str
    graph: Path | None
    segment: Path | None
    """The first of the graph's segments."""
    hef: Path | None
    """The net's HEF, or the first of its segments'."""
    reference: Path | None
    calibrations: tuple[Path, ...]
    """Archives beside it that may hold a calibration set."""


def find_nets(place: Path) -> tuple[NetFiles, ...]:
    """Return the nets in a folder, or the one that a graph or a HEF belongs to.

    Raises:
        InputError: there is no graph and no HEF.
    """
    folder = place if place.is_dir() else place.parent
    here = sorted(path for path in folder.glob("*") if path.suffix in KINDS and path.is_file())
    wanted = here if place.is_dir() else [path for path in here if path == place]
    if not wanted:
        raise InputError(
            f"{place}: found no ONNX file and no HEF, expected those of `convert` or `compile`; give their folder"
        )
    names = dict.fromkeys(_net_name(path) for path in wanted)
    return tuple(_files(folder, name, here) for name in names)


def _net_name(path: Path) -> str:
    return segment_of(path) or path.stem


def _files(folder: Path, name: str, here: Iterable[Path]) -> NetFiles:
    graph, hef = (folder / f"{name}{suffix}" for suffix in KINDS)

    def first(*paths: Path) -> Path | None:
        return next((path for path in paths if path in here), None)

    reference = reference_path(graph)
    archives = [path for path in folder.glob("*.npz") if not path.name.endswith(SUFFIX)]
    return NetFiles(
        name=name,
        graph=first(graph),
        segment=first(segment_path(graph, 1)),
        hef=first(hef, segment_path(hef, 1)),
        reference=reference if reference.is_file() else None,
        # A set that is named after the net comes first.
        calibrations=tuple(sorted(archives, key=lambda path: (not path.name.startswith(name), path.name))),
    )
