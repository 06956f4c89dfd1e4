"""Asks another program something, in bounded time; whatever it does, an answer comes back."""

from __future__ import annotations

import tempfile
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.supervise.child import Limits, run_child
from tasnet2hef.base.supervise.log import tail
from tasnet2hef.base.supervise.processes import memory_bytes


@dataclass(frozen=True)
class Answer:
    """What a program printed; ``problem`` is empty where it ended well."""

    text: str
    problem: str = ""


SHOWN: Final = 200


def ask(command: Sequence[str], seconds: float, environment: Mapping[str, str] | None = None) -> Answer:
    """Run a command for at most ``seconds``; it and all that it starts are stopped after that.

    >>> ask(["/nowhere/program"], 1.0).problem
    '/nowhere/program: can\\'t be started (No such file or directory)'
    """
    with tempfile.TemporaryDirectory(prefix="tasnet2hef-doctor-") as folder:
        log = Path(folder) / "printed.txt"
        limits = Limits(seconds, memory_bytes())
        try:
            end = run_child(command, environment or {}, log, limits, _watch, uuid.uuid4().hex)
        except OptionError as error:
            return Answer("", str(error).partition(";")[0])
        text = tail(log)
    if not end.exited:
        return Answer(
            text, f"{end.ended} ({seconds:.0f} s were given)" if end.ended == "out of time" else end.ended
        )
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    return Answer(text, f"exit code {end.exit_code}: {' '.join(lines[-1:])[:SHOWN]}" if end.exit_code else "")


def _watch(_elapsed: float, _line: str) -> None:
    """Nobody watches."""
