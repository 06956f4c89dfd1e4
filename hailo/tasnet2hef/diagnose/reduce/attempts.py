"""Runs the checker on graphs: each one once, within a budget, and keeps those that fail as the original does."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import onnx

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import digest_of_bytes, written_beside
from tasnet2hef.diagnose.reduce.checker import Checker
from tasnet2hef.diagnose.reduce.fingerprint import RunResult
from tasnet2hef.diagnose.reduce.journal import Attempt, Journal

CANDIDATE_NAME: Final = "candidate.onnx"
LOG_NAME: Final = "attempt.log"


class BudgetSpent(Exception):
    """Raised when the maximum number of graphs was tried; never reaches the user."""


class ReduceDisplay(Protocol):
    """Shows the progress of a reduction."""

    def started(self, plan: str, budget: int) -> None:
        """Show what will be done; ``budget`` is the maximum number of attempts."""

    def trying(self, number: int, change: str) -> None:
        """Show that a graph is tried now."""

    def working(self, elapsed: float, line: str) -> None:
        """Show that a command has been running for some seconds, and the last line of its output."""

    def reduced(self, attempt: Attempt) -> None:
        """Show that a smaller graph fails in the same way."""


@dataclass(frozen=True)
class KeptGraph:
    """A graph that failed in the same way and from which the search continued."""

    path: Path
    attempt: Attempt


class AttemptRunner:
    """All attempts, the ``failure`` to reproduce (a fingerprint) and the ``smallest`` graph that shows it."""

    def __init__(
        self, folder: Path, checker: Checker, journal: Journal, budget: int, display: ReduceDisplay
    ) -> None:
        self.failure = ""
        self.smallest = onnx.ModelProto()
        self.kept: list[KeptGraph] = []
        self._folder = folder
        self._checker = checker
        self._journal = journal
        self._budget = budget
        self._display = display
        self._tried: set[str] = set()

    @property
    def count(self) -> int:
        """Return how many different graphs were tried, by this run or an earlier one."""
        return len(self._tried)

    def run_original(self, path: Path, digest: str, nodes: int, wanted: str) -> Attempt:
        """Run the original; the failure to reproduce is ``wanted``, else the original's first fingerprint."""
        self._tried.add(digest)
        attempt = self._run(path, digest, 1, nodes, "the original", wanted)
        self.failure = wanted or next(iter(attempt.result.fingerprints), "")
        return attempt

    def count_same(self, path: Path, digest: str, nodes: int, repeats: int) -> int:
        """Run a graph until it was run ``repeats`` times; return how often it failed in the same way."""
        runs = [
            self._run(path, digest, number, nodes, "repeated", self.failure) for number in range(2, repeats + 1)
        ]
        return 1 + sum(run.same for run in runs)

    def fails(self, model: onnx.ModelProto, change: str) -> bool:
        """Return whether a graph still fails in the same way; if so, keep it as the smallest.

        Raises:
            BudgetSpent: too many graphs were tried.
        """
        content = model.SerializeToString(deterministic=True)
        digest = digest_of_bytes(content)
        if digest not in self._tried and self.count >= self._budget:
            raise BudgetSpent
        self._tried.add(digest)
        nodes = len(model.graph.node)
        attempt = self._journal.find(digest, 1)
        if attempt is None:
            candidate = self._folder / CANDIDATE_NAME
            with written_beside(candidate) as part:
                part.write_bytes(content)
            self._display.trying(self.count, change)
            attempt = self._run(candidate, digest, 1, nodes, change, self.failure)
        else:
            (self._folder / LOG_NAME).unlink(missing_ok=True)  # it belongs to another attempt
        if attempt.same:
            self._keep(model, content, attempt)
        return attempt.same

    def _keep(self, model: onnx.ModelProto, content: bytes, attempt: Attempt) -> None:
        name = f"step_{len(self.kept) + 1:03d}_{attempt.nodes}_nodes"
        path = self._folder / f"{name}.onnx"
        with written_beside(path) as part:
            part.write_bytes(content)
        log = self._folder / LOG_NAME
        if log.is_file():
            log.replace(path.with_suffix(".log"))
        self.smallest = model
        self.kept.append(KeptGraph(path, attempt))
        self._display.reduced(attempt)

    def _run(self, path: Path, digest: str, repeat: int, nodes: int, change: str, wanted: str) -> Attempt:
        known = self._journal.find(digest, repeat)
        if known is not None:
            return known
        log = self._folder / LOG_NAME
        log.unlink(missing_ok=True)
        started = time.monotonic()
        result = self._checker.run(path, log, self._display.working)
        attempt = Attempt(
            number=self._journal.count + 1,
            digest=digest,
            repeat=repeat,
            nodes=nodes,
            change=change,
            result=result,
            same=_is_same(result, wanted),
            seconds=round(time.monotonic() - started, 3),
        )
        self._journal.keep(attempt)
        return attempt


def _is_same(result: RunResult, wanted: str) -> bool:
    return wanted in result.fingerprints if wanted else bool(result.fingerprints)


def refuse_flaky(where: str, same: int, repeats: int) -> None:
    """Refuse a flaky failure.

    Raises:
        OptionError: not every run failed in the same way.
    """
    if same < repeats:
        raise OptionError(
            f"{where}: failed in the same way in {same} of {repeats} runs, expected all: a flaky failure can't be "
            "reduced; remove what is random (seeds, threads), or name the failure with --match"
        )
