"""Runs another program in bounded time, and returns a result even if it crashes or hangs."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.host import memory_bytes
from tasnet2hef.base.supervise.child import Limits, run_child
from tasnet2hef.base.supervise.log import tail

SHOWN: Final = 200
"""Maximum number of characters of a program's last line in ``problem``."""


@dataclass(frozen=True)
class BoundedRun:
    """What a program printed; ``problem`` is empty where it succeeded."""

    output: str
    problem: str = ""


def run_bounded(
    command: Sequence[str], seconds: float, environment: Mapping[str, str] | None = None
) -> BoundedRun:
    """Run a command for at most ``seconds``; it and every process that it started are stopped after that.

    >>> run_bounded(["/nowhere/program"], 1.0).problem
    "/nowhere/program: can't be started (No such file or directory)"
    """
    with tempfile.TemporaryDirectory(prefix="tasnet2hef-doctor-") as folder:
        log = Path(folder) / "printed.txt"
        limits = Limits(seconds, memory_bytes())
        try:
            end = run_child(command, environment or {}, log, limits, _ignore_progress, uuid.uuid4().hex)
        except OptionError as error:
            return BoundedRun("", str(error).partition(";")[0])
        output = tail(log)
    if not end.exited:
        limit = f" (limit {seconds:.0f} s)" if end.ended == "out of time" else ""
        return BoundedRun(output, f"{end.ended}{limit}")
    if end.exit_code == 0:
        return BoundedRun(output)
    lines = [line.strip() for line in output.split("\n") if line.strip()]
    return BoundedRun(output, f"exit code {end.exit_code}: {' '.join(lines[-1:])[:SHOWN]}")


def _ignore_progress(_elapsed: float, _line: str) -> None:
    """Ignore elapsed time and last line."""
