"""Finds the files of each net in a folder: graph, segments, HEF, reference and calibration sets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tasnet2hef.base.errors import InputError
from tasnet2hef.base.host_ends import CHIP_PART
from tasnet2hef.runtime.backends.segment_names import part_path, segment_of, segment_path
from tasnet2hef.runtime.reference_clips import SUFFIX, reference_path

KINDS: Final = (".onnx", ".hef")


@dataclass(frozen=True)
class NetFiles:
    """One net's files; None for those that are absent."""

    name: str
    graph: Path | None
    segment: Path | None
    """The first of the graph's segments, or the chip part of a net with its ends on the host."""
    hef: Path | None
    """The net's HEF, the first of its segments', or its chip part's."""
    reference: Path | None
    calibrations: tuple[Path, ...]
    """Archives beside it that may hold a calibration set."""

    @property
    def chip_part(self) -> Path | None:
        """The graph of what the chip computes where the ends run on the host."""
        path = self.segment
        return path if path is not None and path.stem.endswith(f".{CHIP_PART}") else None

    @property
    def simulated(self) -> Path | None:
        """The graph whose 8 bits are those of the device: the chip part, else the whole graph."""
        return self.chip_part or self.graph


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
        segment=first(segment_path(graph, 1), part_path(graph, CHIP_PART)),
        hef=first(hef, segment_path(hef, 1), part_path(hef, CHIP_PART)),
        reference=reference if reference.is_file() else None,
        # A set that is named after the net comes first.
        calibrations=tuple(sorted(archives, key=lambda path: (not path.name.startswith(name), path.name))),
    )
