"""Where graphs are checked: here, one after the other. ``side_by_side`` is the other place."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from tasnet2hef.base.files import written_beside
from tasnet2hef.base.supervise.child import Watch
from tasnet2hef.diagnose.reduce.checker import Checker
from tasnet2hef.diagnose.reduce.fingerprint import RunResult
from tasnet2hef.diagnose.reduce.journal import Attempt

LOG_NAME: Final = "attempt.log"


@dataclass(frozen=True)
class GraphRun:
    """A run of a graph that is to be made: the graph's file and SHA-256, and which run of this graph it is."""

    path: Path
    digest: str
    repeat: int
    nodes: int
    change: str
    content: bytes | None = None
    """What is to be written to ``path``; None for a file that is there."""


Keep = Callable[[GraphRun, RunResult, float], Attempt]
"""Is given each run's result, and its time in seconds, as soon as it is there."""


class Bench(Protocol):
    """Checks graphs."""

    def run(self, wanted: GraphRun, coming: Iterator[GraphRun], keep: Keep) -> None:
        """Return when ``keep`` was given the result of ``wanted``; those that are ``coming`` may be run beside it.

        Raises:
            OptionError: the checker can't be started.
            RefusedError: the workers are gone.
        """

    def log_of(self, digest: str) -> Path | None:
        """Return the log of a graph's run; None where it is gone."""


class Here:
    """Runs the checker in this process, or a command beside it."""

    def __init__(self, folder: Path, checker: Checker, watch: Watch) -> None:
        self._log, self._checker, self._watch = folder / LOG_NAME, checker, watch
        self._last = ""

    def run(self, wanted: GraphRun, coming: Iterator[GraphRun], keep: Keep) -> None:
        """Run a graph; see ``Bench``."""
        if wanted.content is not None:
            with written_beside(wanted.path) as part:
                part.write_bytes(wanted.content)
        self._log.unlink(missing_ok=True)
        self._last = wanted.digest
        started = time.monotonic()
        result = self._checker.run(wanted.path, self._log, self._watch)
        keep(wanted, result, time.monotonic() - started)

    def log_of(self, digest: str) -> Path | None:
        """Return the log of the last run, if it was of this graph."""
        return self._log if digest == self._last and self._log.is_file() else None
