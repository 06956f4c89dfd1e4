"""Runs the cases of a probe through the compiler, the cheapest stage first, and keeps every answer at once."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Protocol

from tasnet2hef.base.errors import OptionError, RefusedError
from tasnet2hef.base.files import require_writable
from tasnet2hef.base.host import memory_bytes
from tasnet2hef.base.outcome import NO_COMPILER
from tasnet2hef.base.outputs import require_own_folder
from tasnet2hef.base.supervise.lock import LOCK_NAME, RunLock, locked, removed_if_refused
from tasnet2hef.base.version import __version__
from tasnet2hef.compiler.options import MEMORY_SHARE
from tasnet2hef.compiler.probe.cases import CONTROL, PreparedCase, ProbeCase, all_cases, prepare, select
from tasnet2hef.compiler.probe.jobs import Jobs
from tasnet2hef.compiler.probe.journal import JOURNAL_NAME, append, read_journal, verdict_on
from tasnet2hef.compiler.probe.options import ProbeOptions
from tasnet2hef.compiler.probe.report import NOT_ANSWERED, CaseResult, ProbeReport
from tasnet2hef.compiler.run_record import StageRecord
from tasnet2hef.compiler.stages.job import StageJob
from tasnet2hef.compiler.stages.runner import CompileDisplay, RunnerSettings, StageRunner, interpreter
from tasnet2hef.compiler.verdicts import Answer, answer_of, remember, today
from tasnet2hef.target.failures.classify import Situation
from tasnet2hef.target.knowledge import rule_ids
from tasnet2hef.target.known import load_chip
from tasnet2hef.target.known.knowledge import STAGES, Verdict
from tasnet2hef.target.known.knowledge_file import Merged, knowledge_path, load_knowledge
from tasnet2hef.target.known.releases import wrong_chip


class ProbeDisplay(CompileDisplay, Protocol):
    """Shows the progress of a probe."""

    def asking(self, case: str, stage: str, number: int, total: int) -> None:
        """Show which case is asked about now."""

    def answered(self, case: str, stage: str, answer: str) -> None:
        """Show an answer."""


def plan_probe(options: ProbeOptions) -> ProbeReport:
    """Return what a probe would ask, with the predictions; nothing is run or written."""
    load_chip(options.hardware)
    prepared = _prepared(select(all_cases(), options.only), options.hardware, options.folder)
    results = tuple(_result(each, {}, "not run") for each in prepared)
    return ProbeReport("", options.hardware, options.folder, results, stopped_because="only planned")


def probe(options: ProbeOptions, display: ProbeDisplay) -> ProbeReport:
    """Ask the compiler about every case within the budget; answers of earlier probes in the folder are taken up.

    Raises:
        OptionError: there is no compiler, it does not compile for the chip, or the folder can't be used.
        InputError: the verdicts or the knowledge file on disk are damaged.
        RefusedError: the compiler does not even do two convolutions, so that no answer can be believed.
    """
    started = time.monotonic()
    load_chip(options.hardware)
    cases = select(all_cases(), options.only)
    folder = options.folder.resolve()
    require_own_folder(folder, "a probe", (JOURNAL_NAME, LOCK_NAME), force=options.force)
    with removed_if_refused(folder), locked(folder) as lock:
        run = _Probe(options, folder, lock, display)
        try:
            run.ask(_prepared(cases, options.hardware, folder))
        finally:
            merged = run.save()
    path = knowledge_path(run.compiler, options.hardware)
    return ProbeReport(
        run.compiler,
        options.hardware,
        folder,
        run.results(),
        time.monotonic() - started,
        folder / JOURNAL_NAME,
        path if path.is_file() else None,
        merged.conflicts,
        run.stopped_because,
    )


class _Probe:
    """One probe in its locked folder."""

    def __init__(self, options: ProbeOptions, folder: Path, lock: RunLock, display: ProbeDisplay) -> None:
        self._options, self._folder, self._display = options, folder, display
        self._deadline = time.monotonic() + options.seconds
        self._runner = StageRunner(_settings(options, folder, lock), display)
        self.stopped_because = ""
        self._why: dict[str, str] = {}
        self._prepared: list[PreparedCase] = []
        versions = self._runner.probe(StageJob(stage="versions", folder=""))
        self.compiler = _require_compiler(versions, options)
        tools = {**versions.facts, "tasnet2hef": __version__}
        self._jobs = Jobs(folder, options.hardware, tools)
        _require_readable_knowledge(self.compiler, options.hardware)
        self._journal = folder / JOURNAL_NAME
        self._rows = {row.id: row for row in read_journal(self._journal)}
        self._date = today()

    def ask(self, prepared: list[PreparedCase]) -> None:
        """Ask about all cases, stage by stage: the cheapest answers come first."""
        self._prepared = prepared
        for stage in STAGES:
            asked = [each for each in prepared if STAGES.index(each.case.last) >= STAGES.index(stage)]
            for number, each in enumerate(asked, start=1):
                if self._is_decided(each, stage):
                    continue
                if time.monotonic() >= self._deadline:
                    self.stopped_because = "the budget of time is used up: run the same command again to go on"
                    return
                self._display.asking(each.case.name, stage, number, len(asked))
                answer = self._answer(each, stage)
                self._keep(each, stage, answer)
                if each.case.name == CONTROL and answer.outcome != "pass":
                    self._stop_without_control(stage, answer)
                    return

    def results(self) -> tuple[CaseResult, ...]:
        """Return what happened to every case."""
        default = self.stopped_because or "not asked"
        return tuple(
            _result(each, self._answers(each), self._why.get(each.key, default)) for each in self._prepared
        )

    def save(self) -> Merged:
        """Add the answers about this compiler and chip to its knowledge file."""
        rows = [row for row in self._rows.values() if self._is_ours(row)]
        return remember(rows) if rows else Merged((), 0, ())

    def _stop_without_control(self, stage: str, answer: Answer) -> None:
        """Take back nothing, but ask no more: where two convolutions fail, a failure says nothing about a graph.

        Raises:
            RefusedError: nothing was answered before.
        """
        words = answer.words or answer.why
        self.stopped_because = f"the control graph (two convolutions) failed in {stage}: {words}"
        if stage == STAGES[0]:
            raise RefusedError(f"probe: {self.stopped_because}; no answer can be believed, so none was kept")

    def _keep(self, each: PreparedCase, stage: str, answer: Answer) -> None:
        """Write an answer to the journal before the next case begins; a failure of the control is none."""
        self._display.answered(each.case.name, stage, answer.outcome or NOT_ANSWERED)
        if not answer.outcome or (each.case.name == CONTROL and answer.outcome != "pass"):
            self._why[each.key] = f"{stage}: {answer.why or answer.words}"
            return
        row = verdict_on(each, stage, answer, self.compiler, self._options.hardware, self._date)
        append(self._journal, row)
        self._rows[row.id] = row
        if answer.outcome != "pass" or stage == each.case.last:
            self._jobs.remove_files(each, self._runner.records)

    def _answer(self, each: PreparedCase, stage: str) -> Answer:
        """Run a case up to a stage; results of earlier stages are reused where they still lie there."""
        record: StageRecord | None = None
        self._runner.records.clear()
        for step in STAGES[: STAGES.index(stage) + 1]:
            left = self._deadline - time.monotonic()
            limit = self._options.limits[step]
            record = self._runner.run(*self._jobs.job(each, step, record), max(1.0, min(limit, left)))
            if not record.done:
                break
        assert record is not None
        answer = answer_of(record, self._folder)
        if record.stage != stage and not record.done:  # it did this stage before, and does not now
            return Answer("", why=f"{record.stage} was done before, and is not now: {answer.words or answer.why}")
        return answer

    def _answers(self, each: PreparedCase) -> dict[str, Verdict]:
        rows = [row for row in self._rows.values() if row.case == each.key and self._is_ours(row)]
        return {row.stage: row for row in rows}

    def _is_decided(self, each: PreparedCase, stage: str) -> bool:
        """Return whether a stage was answered before, or an earlier one failed or has no answer."""
        answers = self._answers(each)
        if stage in answers or any(not row.passed for row in answers.values()):
            return True
        return each.key in self._why

    def _is_ours(self, row: Verdict) -> bool:
        return (row.dfc_version, row.hw_arch) == (self.compiler, self._options.hardware)


def _prepared(cases: Iterable[ProbeCase], hardware: str, folder: Path) -> list[PreparedCase]:
    path = folder / "graph.onnx"
    return [each for case in cases if (each := prepare(case, hardware, path))]


def _settings(options: ProbeOptions, folder: Path, lock: RunLock) -> RunnerSettings:
    nowhere = Path("graph.onnx")
    situation = Situation(nowhere, Path("calib.npz"), Path("graph.hef"), options.hardware)
    memory = options.memory_limit_bytes or int(MEMORY_SHARE * memory_bytes())
    return RunnerSettings(
        folder, interpreter(options.python), lock.token, memory, options.limits, situation, reuse_failures=False
    )


def _require_compiler(versions: StageRecord, options: ProbeOptions) -> str:
    python = interpreter(options.python)
    if not versions.done:
        failure = versions.failure
        if failure is not None and failure.signature == NO_COMPILER:
            raise OptionError(
                f"probe: the compiler is not installed in {python}; install the vendor's wheel (make hailo-env "
                "DFC=path/to/hailo_dataflow_compiler.whl), or give the Python that has it with --python"
            )
        raise OptionError(
            f"probe: the compiler in {python} is installed, but does not start ({versions.error[:200]}); see "
            "`tasnet2hef doctor`"
        )
    version = str(versions.facts.get("compiler", ""))
    if wrong := wrong_chip(version, options.hardware):
        raise OptionError(f"--hw {options.hardware}: {wrong}")
    knowledge_path(version, options.hardware)
    return version


def _require_readable_knowledge(version: str, chip: str) -> None:
    """Refuse, before hours of work, a knowledge file that the answers could not be added to.

    Raises:
        InputError: it is damaged, or can't be written.
    """
    path = knowledge_path(version, chip)
    require_writable(path)
    if path.is_file():
        load_knowledge(path, rule_ids())


def _result(each: PreparedCase, answers: Mapping[str, Verdict], why: str) -> CaseResult:
    """Return a case's result: failed in a stage, done up to its last one, or not answered."""
    case = each.case
    failed = next((row for row in answers.values() if not row.passed), None)
    decided = failed or answers.get(case.last)
    return CaseResult(
        name=case.name,
        rule=case.rule,
        operator=case.operator,
        example=case.example,
        last=case.last,
        predicted=each.predicted,
        findings=each.findings,
        happened=NOT_ANSWERED if decided is None else decided.outcome,
        stage=(list(answers) or [""])[-1] if decided is None else decided.stage,
        words=why if decided is None else decided.error or "",
    )
