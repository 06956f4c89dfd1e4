"""Checks graphs on workers: the one that the search asks about, and beside it those that it may ask about next.

What is tried ahead never changes the result: an answer counts when the search asks for it.
"""

from __future__ import annotations

import dataclasses
import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import onnx
from onnx import TensorProto

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.supervise.child import Watch
from tasnet2hef.base.supervise.processes import branch_of, stop_marked
from tasnet2hef.base.workers import DFC, Ended, Task, Workers, open_workers
from tasnet2hef.base.workers.here import stop_if_given_up, worker_name
from tasnet2hef.diagnose.reduce.bench import LOG_NAME, GraphRun, Keep
from tasnet2hef.diagnose.reduce.checker import Checker, CommandChecker
from tasnet2hef.diagnose.reduce.fingerprint import RunResult
from tasnet2hef.target.graph.stored import external_file, stored_tensors

AHEAD_NAME: Final = "ahead"
"""Folder of the logs of failing graphs about which the search has not asked yet."""
_LARGEST_LOG_BYTES: Final = 1 << 20
_WAIT_S: Final = 0.1


@dataclass(frozen=True)
class Checked:
    """What a worker found: ``log`` is the end of the output."""

    result: RunResult
    seconds: float
    log: bytes


def checked(checker: Checker, name: str, files: Mapping[str, bytes]) -> Checked:
    """Check the graph ``name`` in a folder of its own, to which its files are written; runs on a worker.

    Raises:
        OptionError: the worker's machine has no such command.
    """
    if isinstance(checker, CommandChecker):
        _require_command_there(checker.command[0])
        # So that the end of one command does not stop another's processes.
        checker = dataclasses.replace(checker, token=branch_of(checker.token))
    with TemporaryDirectory(prefix="tasnet2hef-reduce-") as folder:
        for each, content in files.items():
            path = Path(folder, each)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        log = Path(folder, LOG_NAME)
        started = time.monotonic()
        result = checker.run(Path(folder, name), log, lambda elapsed, line: stop_if_given_up())
        seconds = time.monotonic() - started
        return Checked(result, seconds, log.read_bytes()[-_LARGEST_LOG_BYTES:] if log.is_file() else b"")


def _require_command_there(name: str) -> None:
    if shutil.which(name) is None:
        raise OptionError(
            f"--check: {worker_name()}: found no {name!r}, expected the command; install it there, or start "
            "workers where it is with --resources DFC=1: commands then run on these only"
        )


class SideBySide:
    """The runs that workers are at, as many as they have slots.

    ``budget`` limits how many different graphs are tried, those ahead included; what the search asks for is run in
    any case.
    """

    def __init__(self, workers: Workers, checker: Checker, folder: Path, budget: int, watch: Watch) -> None:
        self._workers, self._checker, self._watch = workers, checker, watch
        self._folder = folder / AHEAD_NAME
        self._budget = budget
        self._needs = needs_of(checker, workers)
        self._queue = workers.queue()
        self._at_work: dict[str, GraphRun] = {}  # by the task's key, in the order in which they began
        self._begun: set[tuple[str, int]] = set()
        self._numbers = count(1)

    def run(self, wanted: GraphRun, coming: Iterator[GraphRun], keep: Keep) -> None:
        """Run a graph, and others beside it; see ``Bench``."""
        started, slots = time.monotonic(), self._workers.slots(self._needs)
        key = self._key_of(wanted) or self._begin_first(wanted, slots)
        while key in self._at_work:
            self._begin_ahead(coming, slots)
            ended = self._queue.take(_WAIT_S)
            if ended is None:
                self._watch(time.monotonic() - started, f"{len(self._at_work)} at work {self._workers.where}")
            else:
                self._end(ended, keep, ended.key == key)

    def log_of(self, digest: str) -> Path | None:
        """Return the log of a failing graph's run."""
        path = self._folder / f"{digest}.log"
        return path if path.is_file() else None

    def close(self) -> None:
        """Give up what is at work."""
        self._queue.close()

    def _begin_first(self, wanted: GraphRun, slots: int) -> str:
        """Begin what the search waits for; it takes the slot of the last that was begun ahead if none is free."""
        if self._at_work and len(self._at_work) >= slots:
            key, given_up = self._at_work.popitem()
            self._queue.give_up(key)
            self._begun.discard((given_up.digest, given_up.repeat))
        return self._begin(wanted)

    def _begin_ahead(self, coming: Iterator[GraphRun], slots: int) -> None:
        while len(self._at_work) < slots and len({digest for digest, _ in self._begun}) < self._budget:
            run = next(coming, None)
            if run is None:
                return
            if (run.digest, run.repeat) not in self._begun:
                self._begin(run)

    def _begin(self, run: GraphRun) -> str:
        key = f"reduce-{branch_of(run.digest)}-{next(self._numbers)}"
        files = _files_of(run)
        self._queue.add(Task(key, checked, (self._checker, run.path.name, files), needs=self._needs))
        self._at_work[key] = run
        self._begun.add((run.digest, run.repeat))
        return key

    def _key_of(self, run: GraphRun) -> str:
        """Return the key of a run that is at work; empty for another."""
        same = (
            key for key, each in self._at_work.items() if (each.digest, each.repeat) == (run.digest, run.repeat)
        )
        return next(same, "")

    def _end(self, ended: Ended, keep: Keep, is_wanted: bool) -> None:
        """Keep a result. An error counts only if the search waits for it; else it is run again when it does."""
        run = self._at_work.pop(ended.key)
        if ended.error is not None:
            if is_wanted:
                raise ended.error
            return
        found: Checked = ended.result
        if keep(run, found.result, found.seconds).same:
            with written_beside(self._folder / f"{run.digest}.log") as part:
                part.write_bytes(found.log)


def needs_of(checker: Checker, workers: Workers) -> frozenset[str]:
    """Return what checks need: commands run beside the compiler if any worker has it, rules only if all have."""
    beside_compiler, elsewhere = frozenset({DFC}), frozenset[str]()
    if isinstance(checker, CommandChecker):
        return beside_compiler if workers.slots(beside_compiler) else elsewhere
    return elsewhere if workers.slots(elsewhere) else beside_compiler


@contextmanager
def side_by_side(
    scheduler: str, processes: int, checker: Checker, token: str, folder: Path, budget: int, watch: Watch
) -> Iterator[SideBySide]:
    """Yield a bench on workers; in the end their commands on this machine are stopped.

    Raises:
        OptionError: see ``open_workers``.
    """
    with open_workers(scheduler, processes) as workers:
        bench = SideBySide(workers, checker, folder, budget, watch)
        try:
            yield bench
        finally:
            bench.close()
            stop_marked(token)


def _files_of(run: GraphRun) -> dict[str, bytes]:
    """Return the files of a graph by their names: the graph's own, and its external weights that are there."""
    if run.content is not None:
        return {run.path.name: run.content}
    content = run.path.read_bytes()
    tensors = stored_tensors(onnx.load_from_string(content).graph)
    outside = {external_file(each) for each in tensors if each.data_location == TensorProto.EXTERNAL}
    beside = {name: run.path.parent / name for name in outside}
    return {run.path.name: content, **{name: path.read_bytes() for name, path in beside.items() if path.is_file()}}
