"""Runs the checker on graphs: each one once, within a budget, and keeps those that fail as the original does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Final, Protocol, TypeAlias

import onnx

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import digest_of_bytes, written_beside
from tasnet2hef.diagnose.reduce.bench import Bench, GraphRun
from tasnet2hef.diagnose.reduce.fingerprint import RunResult
from tasnet2hef.diagnose.reduce.journal import Attempt, Journal

CANDIDATE_NAME: Final = "candidate.onnx"
Candidate: TypeAlias = tuple[onnx.ModelProto, str]
"""A graph to try, and what was changed."""


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

    def __init__(self, folder: Path, bench: Bench, journal: Journal, budget: int, display: ReduceDisplay) -> None:
        self.failure = ""
        self.smallest = onnx.ModelProto()
        self.kept: list[KeptGraph] = []
        self._folder = folder
        self._bench = bench
        self._journal = journal
        self._budget = budget
        self._display = display
        self._tried: set[str] = set()

    @property
    def count(self) -> int:
        """Return how many different graphs the search has tried, by this run or an earlier one."""
        return len(self._tried)

    @property
    def tried_ahead(self) -> int:
        """Return how many other graphs were tried ahead of the search, which did not come to them."""
        return len(self._journal.digests - self._tried)

    def run_original(self, path: Path, digest: str, nodes: int, wanted: str) -> Attempt:
        """Run the original; the failure to reproduce is ``wanted``, else the original's first fingerprint."""
        self._tried.add(digest)
        self.failure = wanted
        attempt = self._attempt(GraphRun(path, digest, 1, nodes, "the original"))
        self.failure = wanted or next(iter(attempt.result.fingerprints), "")
        return attempt

    def count_same(
        self, path: Path, digest: str, nodes: int, repeats: int, coming: Iterable[Candidate] = ()
    ) -> int:
        """Run a graph until it was run ``repeats`` times; return how often it failed in the same way."""
        runs = [GraphRun(path, digest, number, nodes, "repeated") for number in range(2, repeats + 1)]
        others = (self._run_of(*each) for each in coming)
        return 1 + sum(
            self._attempt(run, chain(runs[place:], others)).same for place, run in enumerate(runs, start=1)
        )

    def fails(self, model: onnx.ModelProto, change: str, coming: Iterable[Candidate] = ()) -> bool:
        """Return whether a graph still fails in the same way; if so, keep it as the smallest.

        Those that are ``coming`` may be tried beside it, in this order.

        Raises:
            BudgetSpent: too many graphs were tried.
        """
        run = self._run_of(model, change)
        if run.digest not in self._tried and self.count >= self._budget:
            raise BudgetSpent
        self._tried.add(run.digest)
        if self._journal.find(run.digest, 1) is None:
            self._display.trying(self.count, change)
        attempt = self._attempt(run, (self._run_of(*each) for each in coming))
        if attempt.same:
            self._keep(model, run, attempt)
        return attempt.same

    def known(self, model: onnx.ModelProto) -> bool | None:
        """Return whether a graph that was tried before fails in the same way; None for one that was not."""
        attempt = self._journal.find(digest_of_bytes(model.SerializeToString(deterministic=True)), 1)
        return None if attempt is None else attempt.same

    def _run_of(self, model: onnx.ModelProto, change: str) -> GraphRun:
        """Return the first run of a candidate."""
        content = model.SerializeToString(deterministic=True)
        path, digest = self._folder / CANDIDATE_NAME, digest_of_bytes(content)
        return GraphRun(path, digest, 1, len(model.graph.node), change, content)

    def _keep(self, model: onnx.ModelProto, run: GraphRun, attempt: Attempt) -> None:
        name = f"step_{len(self.kept) + 1:03d}_{attempt.nodes}_nodes"
        path = self._folder / f"{name}.onnx"
        with written_beside(path) as part:
            part.write_bytes(run.content or b"")
        if (log := self._bench.log_of(run.digest)) is not None:
            log.replace(path.with_suffix(".log"))
        self.smallest = model
        self.kept.append(KeptGraph(path, attempt))
        self._display.reduced(attempt)

    def _attempt(self, run: GraphRun, coming: Iterable[GraphRun] = ()) -> Attempt:
        """Return a graph's attempt, of an earlier run if there is one."""
        if self._journal.find(run.digest, run.repeat) is None:
            not_run = (each for each in coming if self._journal.find(each.digest, each.repeat) is None)
            self._bench.run(run, not_run, self._journalled)
        attempt = self._journal.find(run.digest, run.repeat)
        assert attempt is not None
        return attempt

    def _journalled(self, run: GraphRun, result: RunResult, seconds: float) -> Attempt:
        attempt = Attempt(
            number=self._journal.count + 1,
            digest=run.digest,
            repeat=run.repeat,
            nodes=run.nodes,
            change=run.change,
            result=result,
            same=_is_same(result, self.failure),
            seconds=round(seconds, 3),
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
