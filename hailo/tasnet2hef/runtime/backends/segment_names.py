"""Names of the files of a net in segments, or with its ends on the host, graphs and HEFs alike."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.base.host_ends import CHIP_PART, PARTS, Part

_SEGMENT: Final = re.compile(rf"(?P<net>.+)\.(segment_\d+|{'|'.join(PARTS)})")


def segment_path(path: Path, number: int) -> Path:
    """Name a segment's file, numbers from 1.

    >>> segment_path(Path("build/net.onnx"), 2).as_posix()
    'build/net.segment_2.onnx'
    """
    return path.with_name(f"{path.stem}.segment_{number}{path.suffix}")


def part_path(path: Path, part: Part) -> Path:
    """Name the file of a net's part where its ends run on the host.

    >>> part_path(Path("build/net.hef"), "chip_part").as_posix()
    'build/net.chip_part.hef'
    """
    return path.with_name(f"{path.stem}.{part}{path.suffix}")


def paths_of_segments(path: Path, segments: int, ends: str = "chip") -> tuple[Path, ...]:
    """Name all files of a net in segments, in the order in which they run; none for a net that stays whole.

    >>> [each.name for each in paths_of_segments(Path("net.onnx"), 3, "host")]
    ['net.host_encoder.onnx', 'net.chip_part.onnx', 'net.host_decoder.onnx']
    """
    if ends == "host":
        return tuple(part_path(path, part) for part in PARTS)
    return tuple(segment_path(path, number) for number in range(1, segments + 1)) if segments > 1 else ()


def segment_of(path: Path) -> str:
    """Return the name of the net that a file is a segment or a part of; empty for any other file.

    >>> [segment_of(Path(f"build/net{kind}.hef")) for kind in (".segment_2", ".chip_part", "")]
    ['net', 'net', '']
    """
    match = _SEGMENT.fullmatch(path.stem)
    return match["net"] if match else ""


def part_name(contract: GraphContract) -> Part | None:
    """Return which part of a net a graph is where the ends run on the host; None for whole graphs and segments."""
    return PARTS[contract.segment - 1] if contract.ends == "host" else None


def is_chip_part(contract: GraphContract) -> bool:
    """Return whether a graph is what the chip computes between a host's encoder and decoders."""
    return part_name(contract) == CHIP_PART
