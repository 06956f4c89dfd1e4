"""Scores many runs of one net, in this process or by workers; each score is kept as it comes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from itertools import islice
from typing import Any

from tasnet2hef.base.errors import RefusedError
from tasnet2hef.base.files import digest_of_bytes
from tasnet2hef.base.progress import Progress, no_progress
from tasnet2hef.base.text import first_few
from tasnet2hef.base.workers import InProcess, Task, Workers
from tasnet2hef.quantize.bench import Bench, Run, pack, score_run
from tasnet2hef.quantize.score import Score, Scorer
from tasnet2hef.quantize.search_state import SearchState
from tasnet2hef.quantize.simulator import Simulator


class Measuring:
    """Scores runs of one net; those that ``state`` holds are not run again. Close it at the end."""

    def __init__(
        self, simulator: Simulator, scorer: Scorer, state: SearchState, workers: Workers | None = None
    ) -> None:
        self.simulator = simulator
        self._bench = Bench(simulator, scorer)
        self._state = state
        self._workers = workers or InProcess()
        self._shared: tuple[str, Any] | None = None
        self._until_closed = ExitStack()
        self._guessed: dict[str, Score] = {}

    def close(self) -> None:
        """Free what the workers hold of the net."""
        self._until_closed.close()

    def score(self, run: Run, guesses: Iterable[Run] = ()) -> Score:
        """Return the score of one run; see ``scores``."""
        return self.scores([run], guesses)[0]

    def scores(
        self, runs: Sequence[Run], guesses: Iterable[Run] = (), progress: Progress = no_progress
    ) -> list[Score]:
        """Return the scores of runs that don't depend on each other.

        Workers that would be idle score ``guesses``: runs that may be asked for next, the likeliest first.
        A guess is kept only when it is asked for, so that what is stored does not depend on who ran it.

        Raises:
            RefusedError: the processes that scored one were lost, or all workers are gone.
        """
        wanted = {run.name: run for run in runs}
        for name in wanted.keys() & self._guessed.keys():
            self._state.keep(name, self._guessed.pop(name))
        missing = {name: run for name, run in wanted.items() if self._state.known(name) is None}
        done = len(wanted) - len(missing)
        for name, score in self._scored(missing, guesses):
            if name in missing:
                self._state.keep(name, score)
                done += 1
                progress(done, len(wanted))
            else:
                self._guessed[name] = score
        return [self._known(run) for run in runs]

    def _known(self, run: Run) -> Score:
        score = self._state.known(run.name)
        assert score is not None, f"{run.name}: was not run"
        return score

    def _scored(self, missing: dict[str, Run], guesses: Iterable[Run]) -> Iterator[tuple[str, Score]]:
        """Yield the name and the score of each run when it ends."""
        if not missing:
            return
        idle = max(self._workers.slots() - len(missing), 0)
        digest, bench = self._handed_over()
        runs = (*missing.values(), *islice(self._new(guesses, missing), idle))
        by_key = {_key(digest, run): run for run in runs}
        running = self._workers.run([Task(key, score_run, (run, bench)) for key, run in by_key.items()])
        try:
            for ended in running:
                if ended.error is not None:
                    raise _failure(by_key[ended.key], ended.error)
                yield by_key[ended.key].name, ended.result
        finally:
            running.close()

    def _new(self, guesses: Iterable[Run], missing: dict[str, Run]) -> Iterator[Run]:
        for run in guesses:
            if run.name not in missing and run.name not in self._guessed and self._state.known(run.name) is None:
                yield run

    def _handed_over(self) -> tuple[str, Any]:
        """Return the net's digest and what tasks take for it; workers have it from the first run to the end."""
        if self._shared is None:
            if isinstance(self._workers, InProcess):
                self._shared = "", self._bench
            else:
                packed = pack(self._bench)
                sharing = self._workers.shared(f"bench-{packed.digest}", packed)
                self._shared = packed.digest, self._until_closed.enter_context(sharing)
        return self._shared


def _key(digest: str, run: Run) -> str:
    return f"score-{digest_of_bytes(f'{digest} {run.name} {run.content}'.encode())}"


def _failure(run: Run, error: Exception) -> Exception:
    """Return the error that ends the work; of a lost process it says what was lost, and what is left."""
    if not isinstance(error, RefusedError):
        return error
    where = f"{run.kind} {first_few(run.layers, 3)}".rstrip()
    return RefusedError(
        f"{where}: {error}, expected a score; what was measured is kept: run the "
        "same command again, with fewer workers or more memory"
    )
