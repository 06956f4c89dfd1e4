"""Reads the end of a log: lines without colours, and without the steps of progress bars."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

TAIL_BYTES: Final = 65_536
_COLOUR: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")
_UNPRINTED: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def tail(path: Path, size: int = TAIL_BYTES) -> str:
    """Return the last ``size`` bytes of a log as clean text; empty if there is no log.

    >>> clean("\\x1b[31m[error] no\\x1b[0m")
    '[error] no'
    """
    try:
        with path.open("rb") as log:
            log.seek(0, 2)
            log.seek(max(0, log.tell() - size))
            return clean(log.read().decode("utf-8", "replace"))
    except FileNotFoundError:
        return ""


def clean(text: str) -> str:
    """Return text without colours and control characters; of a progress bar, only its last state."""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in _COLOUR.sub("", text).split("\n")]
    return "\n".join(_UNPRINTED.sub("", line) for line in lines)


def last_line(path: Path) -> str:
    """Return the last non-empty line of a log."""
    return next(reversed(last_lines(path, 1)), "")


def last_lines(path: Path, count: int) -> list[str]:
    """Return the last ``count`` non-empty lines of a log, in order."""
    lines = [line.rstrip() for line in tail(path, 8192).split("\n") if line.strip()]
    return lines[-count:]
