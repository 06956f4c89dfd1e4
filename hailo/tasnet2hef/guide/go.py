"""The guided path: the steps in their order, up to the HEF or to the first that is broken."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Protocol

from tasnet2hef.base.agreement import BROKEN
from tasnet2hef.base.errors import InputError
from tasnet2hef.base.outputs import require_own_folder
from tasnet2hef.base.progress import StepProgress
from tasnet2hef.base.supervise.lock import LOCK_NAME, locked
from tasnet2hef.compiler.report import CompileReport
from tasnet2hef.compiler.stages.runner import CompileDisplay
from tasnet2hef.guide.graph_steps import GraphSteps
from tasnet2hef.guide.journal import JOURNAL_NAME, Journal
from tasnet2hef.guide.net_steps import NetSteps
from tasnet2hef.guide.options import GoOptions
from tasnet2hef.guide.report import GoReport, StepReport, ended
from tasnet2hef.guide.speech import require_outside
from tasnet2hef.report.facts import read_facts, report_folder
from tasnet2hef.report.next_step import NextStep, next_step, standing_of


class GoDisplay(Protocol):
    """Shows the progress of a run."""

    @property
    def stages(self) -> CompileDisplay:
        """What shows the compiler's stages."""

    def working(self, step: str) -> AbstractContextManager[StepProgress]:
        """Show that a step is at work; yields what takes its progress."""

    def ended(self, step: StepReport) -> None:
        """Show how a step ended."""


def go(options: GoOptions, display: GoDisplay) -> GoReport:
    """Run every step up to the HEF, or up to the first that is broken; what earlier runs finished is kept.

    Raises:
        InputError: the model, the speech or an option can't be used, or another run is at work in the folder.
        ParityError: the graph differs from the checkpoint.
    """
    force = options.compiling.replace
    require_outside(options.folder, options.speech_folder)
    require_own_folder(options.run_folder, "a run of go", (JOURNAL_NAME, LOCK_NAME), force=force)
    with locked(options.run_folder), _removed_if_nothing_was_done(options.run_folder):
        journal = Journal(options.run_folder, force=force)
        net = NetSteps(options, journal)
        return _run(net, GraphSteps(options, journal, net, display.stages), display)


@contextmanager
def _removed_if_nothing_was_done(folder: Path) -> Iterator[None]:
    """Remove a run's folder where bad input ends the run before its first result."""
    try:
        yield
    except InputError:
        if not (folder / JOURNAL_NAME).exists():
            shutil.rmtree(folder, ignore_errors=True)
            with suppress(OSError):  # it holds other files
                folder.parent.rmdir()
        raise


def _run(net: NetSteps, graph: GraphSteps, display: GoDisplay) -> GoReport:
    works: dict[str, Callable[[StepProgress], StepReport]] = {
        "model": net.read_model,
        "speech": net.judge_speech,
        "norms": net.replace_norms,
        "form": graph.choose_form,
        "export": graph.export,
        "check": graph.check,
        "calibrate": graph.calibrate,
        "simulate": graph.simulate,
        "listen": graph.listen,
    }
    steps: list[StepReport] = []

    def is_over(step: StepReport) -> bool:
        steps.append(step)
        display.ended(step)
        return step.verdict == BROKEN and not graph.options.compiling.force

    for name, work in works.items():
        with display.working(name) as progress:
            started = time.perf_counter()
            step = ended(work(progress), time.perf_counter() - started)
        if is_over(step):
            return _stopped(steps)
    step, compiled = graph.compile()  # shows its own progress
    if is_over(step):
        return _stopped(steps, compiled)
    facts = read_facts(report_folder(graph.graph.path))
    return GoReport(tuple(steps), next_step(standing_of(facts)), compiled)


def _stopped(steps: list[StepReport], compiled: CompileReport | None = None) -> GoReport:
    return GoReport(tuple(steps), NextStep(steps[-1].fix, steps[-1].reason), compiled)
