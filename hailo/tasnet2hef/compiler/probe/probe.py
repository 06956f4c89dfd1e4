"""Runs the cases of a probe through the compiler, and keeps every answer at once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tasnet2hef.base.outputs import require_own_folder
from tasnet2hef.base.supervise.lock import LOCK_NAME, locked, removed_if_refused
from tasnet2hef.compiler.probe.answers import Answers, ProbeDisplay, result_of
from tasnet2hef.compiler.probe.cases import PreparedCase, ProbeCase, all_cases, prepare, select
from tasnet2hef.compiler.probe.here import Here
from tasnet2hef.compiler.probe.journal import JOURNAL_NAME
from tasnet2hef.compiler.probe.on_workers import OnWorkers, on_workers
from tasnet2hef.compiler.probe.options import ProbeOptions
from tasnet2hef.compiler.probe.report import ProbeReport
from tasnet2hef.target.known import load_chip
from tasnet2hef.target.known.knowledge_file import knowledge_path


def plan_probe(options: ProbeOptions) -> ProbeReport:
    """Return what a probe would ask, with the predictions; nothing is run or written."""
    load_chip(options.hardware)
    prepared = _prepared(select(all_cases(), options.only), options.hardware, options.folder)
    results = tuple(result_of(each, {}, "not run") for each in prepared)
    return ProbeReport("", options.hardware, options.folder, results, stopped_because="only planned")


def probe(options: ProbeOptions, display: ProbeDisplay) -> ProbeReport:
    """Ask the compiler about every case within the budget; answers of earlier probes in the folder are taken up.

    Raises:
        OptionError: there is no compiler, it does not compile for the chip, or the folder can't be used.
        InputError: the verdicts or the knowledge file on disk are damaged.
        RefusedError: the compiler does not even do two convolutions, so that no answer can be believed; or one
            worker has another compiler than the others.
    """
    started = time.monotonic()
    load_chip(options.hardware)
    cases = select(all_cases(), options.only)
    folder = options.folder.resolve()
    require_own_folder(folder, "a probe", (JOURNAL_NAME, LOCK_NAME), force=options.force)
    with (
        removed_if_refused(folder),
        locked(folder) as lock,
        _compiler(options, folder, lock.token, display) as compiler,
    ):
        answers = Answers(folder, compiler.compiler, options.hardware, display)
        prepared: list[PreparedCase] = []
        try:
            prepared = _prepared(cases, options.hardware, folder)
            compiler.ask(prepared, answers)
        finally:
            merged = answers.save()
    path = knowledge_path(answers.compiler, options.hardware)
    return ProbeReport(
        answers.compiler,
        options.hardware,
        folder,
        answers.results(prepared),
        time.monotonic() - started,
        folder / JOURNAL_NAME,
        path if path.is_file() else None,
        merged.conflicts,
        answers.stopped_because,
    )


@contextmanager
def _compiler(
    options: ProbeOptions, folder: Path, token: str, display: ProbeDisplay
) -> Iterator[Here | OnWorkers]:
    """Yield what is asked: the compiler of this machine, or those of a cluster's workers."""
    if not options.scheduler:
        yield Here(options, folder, token, display)
        return
    with on_workers(options, folder, token, display) as compilers:
        yield compilers


def _prepared(cases: Iterable[ProbeCase], hardware: str, folder: Path) -> list[PreparedCase]:
    path = folder / "graph.onnx"
    return [each for case in cases if (each := prepare(case, hardware, path))]
