"""Names of the files of a net in segments, graphs and HEFs alike."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

_SEGMENT: Final = re.compile(r"(?P<net>.+)\.segment_\d+")


def segment_path(path: Path, number: int) -> Path:
    """Name a segment's file, numbers from 1.

    >>> segment_path(Path("build/net.onnx"), 2).as_posix()
    'build/net.segment_2.onnx'
    """
    return path.with_name(f"{path.stem}.segment_{number}{path.suffix}")


def segment_of(path: Path) -> str:
    """Return the name of the net that a file is a segment of; empty for any other file.

    >>> segment_of(Path("build/net.segment_2.hef")), segment_of(Path("build/net.hef"))
    ('net', '')
    """
    match = _SEGMENT.fullmatch(path.stem)
    return match["net"] if match else ""
