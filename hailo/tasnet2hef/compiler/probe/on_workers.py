"""Asks the compilers of a cluster's workers: each case's stages on one of them, the control first and alone."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Final

from tasnet2hef.base.errors import RefusedError, Tasnet2HefError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.supervise.processes import branch_of
from tasnet2hef.base.text import counted
from tasnet2hef.base.workers import DFC, Ended, Task, Workers, open_workers, results_of
from tasnet2hef.compiler.probe.answers import OUT_OF_BUDGET, Answers, ProbeDisplay
from tasnet2hef.compiler.probe.cases import CONTROL, PreparedCase
from tasnet2hef.compiler.probe.chain import ChainEnd, portable, run_chain, run_versions
from tasnet2hef.compiler.probe.here import no_longer, require_compiler
from tasnet2hef.compiler.probe.options import ProbeOptions

_NEEDS: Final = frozenset({DFC})
_WAIT_S: Final = 0.2


class OnWorkers:
    """The compilers of workers, all of one version.

    Raises:
        OptionError: the first worker has no compiler, or one that does not compile for the chip.
    """

    def __init__(
        self, options: ProbeOptions, folder: Path, workers: Workers, token: str, display: ProbeDisplay
    ) -> None:
        self._options, self._folder, self._display = options, folder, display
        self._deadline = time.monotonic() + options.seconds
        self._workers, self._token = workers, token
        first = Task(f"probe-{branch_of(token)}", run_versions, (options,), needs=_NEEDS)
        told: ChainEnd = results_of(workers, [first])[first.key]
        self.compiler = require_compiler(told.versions, options.hardware, told.worker)
        self._first = told.worker

    def ask(self, prepared: Sequence[PreparedCase], answers: Answers) -> None:
        """Ask about the control, and then about all others side by side."""
        asked = [each for each in prepared if not answers.is_decided(each, each.case.last)]
        control = [each for each in asked if each.case.name == CONTROL]
        for cases in (control, [each for each in asked if each not in control]):
            if not answers.stopped_because:
                self._ask(cases, answers)

    def _ask(self, cases: Sequence[PreparedCase], answers: Answers) -> None:
        """Ask about cases, no more at a time than there are compilers: their graphs take memory."""
        queue, at_work = self._workers.queue(), dict[str, PreparedCase]()
        left, numbers, started = iter(cases), count(1), time.monotonic()
        try:
            while True:
                while len(at_work) < self._workers.slots(_NEEDS) and (each := self._next(left, answers)):
                    self._display.asking(each.case.name, f"up to {each.case.last}", next(numbers), len(cases))
                    task = self._task(each)
                    at_work[task.key] = each
                    queue.add(task)
                if not at_work:
                    return
                if (ended := queue.take(_WAIT_S)) is not None:
                    self._end(at_work.pop(ended.key), ended, answers)
                else:
                    elapsed = time.monotonic() - started
                    self._display.working(elapsed, f"{counted(len(at_work), 'case')} {self._workers.where}")
        finally:
            queue.close()

    def _next(self, left: Iterator[PreparedCase], answers: Answers) -> PreparedCase | None:
        """Return the next case; None where there is none, or no time."""
        each = None if answers.stopped_because else next(left, None)
        if each is not None and time.monotonic() >= self._deadline:
            answers.stopped_because = OUT_OF_BUDGET
            return None
        return each

    def _task(self, each: PreparedCase) -> Task:
        left = self._deadline - time.monotonic()
        return Task(
            f"probe-{branch_of(self._token)}", run_chain, (self._options, portable(each), left), needs=_NEEDS
        )

    def _end(self, each: PreparedCase, ended: Ended, answers: Answers) -> None:
        """Keep what a worker told of a case.

        Raises:
            RefusedError: it has another compiler than the others, or none.
        """
        if isinstance(ended.error, RefusedError):  # every process that ran it died
            answers.leave_open(each, str(ended.error))
            return
        if ended.error is not None:
            is_ours = isinstance(ended.error, Tasnet2HefError)
            raise RefusedError(f"probe: {ended.error}; what was answered is kept") if is_ours else ended.error
        told: ChainEnd = ended.result
        self._require_same_compiler(told)
        known = answers.of(each)
        for end in told.stages:
            for name, text in end.texts.items():
                with written_beside(self._folder / name) as part:
                    part.write_bytes(text)
            if end.stage not in known:
                answers.keep(each, end.stage, end.answer)
            elif end.answer.outcome != "pass":
                answers.keep(each, end.stage, no_longer(end.stage, end.answer))

    def _require_same_compiler(self, told: ChainEnd) -> None:
        """Refuse a worker with another compiler: answers would not be about one.

        Raises:
            RefusedError: it has another one, or none.
        """
        version = str(told.versions.facts.get("compiler", "")) if told.versions.done else "none that starts"
        if version != self.compiler:
            raise RefusedError(
                f"probe: {told.worker}: found DFC {version}, expected {self.compiler}, as {self._first} has; what "
                "was answered is kept: install the same there, or stop that worker, and run the same command again"
            )


@contextmanager
def on_workers(options: ProbeOptions, folder: Path, token: str, display: ProbeDisplay) -> Iterator[OnWorkers]:
    """Yield the compilers of the workers of ``options.scheduler``.

    Raises:
        OptionError: see ``open_workers`` and ``OnWorkers``.
    """
    with open_workers(options.scheduler, needs=[DFC]) as workers:
        yield OnWorkers(options, folder, workers, token, display)
