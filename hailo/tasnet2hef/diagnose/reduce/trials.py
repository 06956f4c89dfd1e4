"""Tries graphs: each one once, within a budget, and keeps those that still fail in the way of the original."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import onnx

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import digest_of_bytes, written_beside
from tasnet2hef.diagnose.reduce.journal import Attempt, Journal
from tasnet2hef.diagnose.reduce.oracle import Oracle
from tasnet2hef.diagnose.reduce.outcome import Outcome

CANDIDATE_NAME: Final = "candidate.onnx"
LOG_NAME: Final = "attempt.log"


class BudgetSpent(Exception):
    """Raised when as many graphs were tried as allowed; never seen by a user."""


class Watcher(Protocol):
    """Is told how a reduction goes on."""

    def announced(self, text: str, budget: int) -> None:
        """Say what will be done, before it is."""

    def trying(self, number: int, change: str) -> None:
        """A graph is tried now."""

    def working(self, elapsed: float, line: str) -> None:
        """A command has been at work for some seconds; the last line of its output."""

    def kept(self, attempt: Attempt) -> None:
        """A smaller graph fails in the same way."""


@dataclass(frozen=True)
class Step:
    """A graph that failed in the same way and was gone on with."""

    path: Path
    attempt: Attempt


class Trials:
    """Holds what was tried, the way of failing that is looked for (``target``) and the best graph so far."""

    def __init__(self, folder: Path, oracle: Oracle, journal: Journal, budget: int, watcher: Watcher) -> None:
        self.target = ""
        self.best = onnx.ModelProto()
        self.steps: list[Step] = []
        self._folder = folder
        self._oracle = oracle
        self._journal = journal
        self._budget = budget
        self._watcher = watcher
        self._asked: set[str] = set()

    @property
    def count(self) -> int:
        """Return how many different graphs were asked about, by this run or an earlier one."""
        return len(self._asked)

    def first(self, path: Path, digest: str, nodes: int, wanted: str) -> Attempt:
        """Try the original and take its way of failing as the one to look for: ``wanted``, else its first mark."""
        self._asked.add(digest)
        attempt = self._run(path, digest, 1, nodes, "the original", wanted)
        marks = attempt.outcome.marks
        self.target = wanted or (marks[0] if marks else "")
        return attempt

    def repeated(self, path: Path, digest: str, nodes: int, repeats: int) -> int:
        """Run a graph until it was run ``repeats`` times; return how often it failed in the same way."""
        runs = [
            self._run(path, digest, number, nodes, "once more", self.target) for number in range(2, repeats + 1)
        ]
        return 1 + sum(run.same for run in runs)

    def fails(self, model: onnx.ModelProto, change: str) -> bool:
        """Tell whether a graph still fails in the same way; if so, it is the best one from now on.

        Raises:
            BudgetSpent: too many graphs were tried.
        """
        written = model.SerializeToString(deterministic=True)
        digest = digest_of_bytes(written)
        if digest not in self._asked and self.count >= self._budget:
            raise BudgetSpent
        self._asked.add(digest)
        nodes = len(model.graph.node)
        attempt = self._journal.find(digest, 1)
        if attempt is None:
            candidate = self._folder / CANDIDATE_NAME
            with written_beside(candidate) as part:
                part.write_bytes(written)
            self._watcher.trying(self.count, change)
            attempt = self._run(candidate, digest, 1, nodes, change, self.target)
        else:
            (self._folder / LOG_NAME).unlink(missing_ok=True)  # it is another attempt's
        if attempt.same:
            self._keep(model, written, attempt)
        return attempt.same

    def _keep(self, model: onnx.ModelProto, written: bytes, attempt: Attempt) -> None:
        name = f"step_{len(self.steps) + 1:03d}_{attempt.nodes}_nodes"
        path = self._folder / f"{name}.onnx"
        with written_beside(path) as part:
            part.write_bytes(written)
        log = self._folder / LOG_NAME
        if log.is_file():
            log.replace(path.with_suffix(".log"))
        self.best = model
        self.steps.append(Step(path, attempt))
        self._watcher.kept(attempt)

    def _run(self, path: Path, digest: str, repeat: int, nodes: int, change: str, wanted: str) -> Attempt:
        known = self._journal.find(digest, repeat)
        if known is not None:
            return known
        log = self._folder / LOG_NAME
        log.unlink(missing_ok=True)
        started = time.monotonic()
        outcome = self._oracle.judge(path, log, self._watcher.working)
        attempt = Attempt(
            number=self._journal.count + 1,
            digest=digest,
            repeat=repeat,
            nodes=nodes,
            change=change,
            outcome=outcome,
            same=_is_same(outcome, wanted),
            seconds=round(time.monotonic() - started, 3),
        )
        self._journal.keep(attempt)
        return attempt


def _is_same(outcome: Outcome, wanted: str) -> bool:
    return wanted in outcome.marks if wanted else bool(outcome.marks)


def refuse_unsteady(where: str, same: int, repeats: int) -> None:
    """Refuse a failure that comes and goes.

    Raises:
        OptionError: not every run failed in the same way.
    """
    if same < repeats:
        raise OptionError(
            f"{where}: failed in the same way in {same} of {repeats} runs, expected all: a failure that comes and "
            "goes can't be reduced; take away what is random (seeds, threads), or name the failure with --match"
        )
