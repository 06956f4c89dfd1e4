"""Runs the cases of a probe through the compiler, the cheapest stage first, and keeps every answer at once."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from tasnet2hef.base.errors import OptionError, RefusedError
from tasnet2hef.base.files import require_writable, written_beside
from tasnet2hef.base.supervise.lock import RunLock, locked
from tasnet2hef.base.supervise.processes import memory_bytes
from tasnet2hef.base.version import __version__
from tasnet2hef.compiler.driver import NO_COMPILER_SIGNATURE, removed_if_refused
from tasnet2hef.compiler.options import MEMORY_SHARE
from tasnet2hef.compiler.probe.cases import CONTROL, PreparedCase, ProbeCase, all_cases, prepare, select
from tasnet2hef.compiler.probe.report import NOT_ANSWERED, CaseResult, ProbeReport
from tasnet2hef.compiler.run_record import StageRecord
from tasnet2hef.compiler.stages.job import StageJob
from tasnet2hef.compiler.stages.runner import CompileDisplay, RunnerSettings, StageRunner, interpreter
from tasnet2hef.compiler.verdicts import Answer, answer_of, operators_of, remember, today
from tasnet2hef.target.failures.classify import Situation
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.knowledge import rule_ids
from tasnet2hef.target.known import DEFAULT_CHIP, load_chip
from tasnet2hef.target.known.knowledge import FAIL, PASS, STAGES, Verdict
from tasnet2hef.target.known.knowledge_file import Merged, knowledge_path, load_knowledge, read_verdicts
from tasnet2hef.target.known.releases import wrong_chip

VERDICTS_NAME: Final = "verdicts.jsonl"
LIMITS: Final[Mapping[str, float]] = {"versions": 300.0, "translate": 600.0, "optimize": 1200.0, "compile": 1800.0}
"""Seconds that a stage of one case may take."""
CALIBRATION_BYTES: Final = 64 << 20
WINDOWS: Final = 64
SHAPES_LENGTH: Final = 500


class ProbeDisplay(CompileDisplay, Protocol):
    """Shows the progress of a probe."""

    def asking(self, case: str, stage: str, number: int, total: int) -> None:
        """Show which case is asked about now."""

    def answered(self, case: str, stage: str, answer: str) -> None:
        """Show an answer."""


@dataclass(frozen=True)
class ProbeOptions:
    """A probe's options; ``only`` names rules and operators, with commas between; ``seconds`` is the budget."""

    folder: Path
    hardware: str = DEFAULT_CHIP
    only: str = ""
    seconds: float = 3600.0
    python: str = ""
    limits: Mapping[str, float] = field(default_factory=lambda: LIMITS)
    memory_limit_bytes: int = 0
    """Memory that a stage may use; 0 for nine tenths of the machine's."""


def plan_probe(options: ProbeOptions) -> ProbeReport:
    """Return what a probe would ask, with the predictions; nothing is run or written."""
    load_chip(options.hardware)
    prepared = _prepared(options)
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
    with removed_if_refused(folder), locked(folder) as lock:
        run = _Probe(options, folder, lock, display)
        try:
            run.ask([each for case in cases if (each := prepare(case, options.hardware, folder / "graph.onnx"))])
        finally:
            merged = run.save()
    path = knowledge_path(run.compiler, options.hardware)
    return ProbeReport(
        run.compiler,
        options.hardware,
        folder,
        run.results(),
        time.monotonic() - started,
        folder / VERDICTS_NAME,
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
        self._tools = {**versions.facts, "tasnet2hef": __version__}
        _require_readable_knowledge(self.compiler, options.hardware)
        self._journal = folder / VERDICTS_NAME
        self._rows = {row.id: row for row in _read_journal(self._journal)}
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
        row = _verdict(each, stage, answer, self.compiler, self._options.hardware, self._date)
        _append(self._journal, row)
        self._rows[row.id] = row
        self._clean(each, stage, answer)

    def _answer(self, each: PreparedCase, stage: str) -> Answer:
        """Run a case up to a stage; results of earlier stages are reused where they still lie there."""
        record: StageRecord | None = None
        self._runner.records.clear()
        for step in STAGES[: STAGES.index(stage) + 1]:
            left = self._deadline - time.monotonic()
            limit = self._options.limits[step]
            record = self._runner.run(*self._job(each, step, record), max(1.0, min(limit, left)))
            if not record.done:
                break
        assert record is not None
        answer = answer_of(record, self._folder)
        if record.stage != stage and not record.done:  # it did this stage before, and does not now
            return Answer("", why=f"{record.stage} was done before, and is not now: {answer.words or answer.why}")
        return answer

    def _job(self, each: PreparedCase, stage: str, before: StageRecord | None) -> tuple[StageJob, dict[str, Any]]:
        name, opened = each.file_name, each.open(self._folder / "graph.onnx")
        if before is None:
            model = opened.model
            makers = {tensor: node.name for node in model.graph.node for tensor in node.output}
            job = StageJob(
                stage=stage,
                folder="",
                hardware=self._options.hardware,
                net_name=f"net_{name}"[:60],
                model=str(self._graph_file(each, opened)),
                start_nodes=tuple(opened.inputs),
                end_nodes=tuple(makers.get(value.name) or value.name for value in model.graph.output),
                input_shapes=opened.inputs,
            )
            return job, {**self._tools, "model": opened.digest, "hardware": job.hardware}
        har = str(before.path(self._folder, "har"))
        job = StageJob(stage=stage, folder="", har=har)
        if stage == "optimize":
            calibration = self._calibration_file(each, opened)
            job = StageJob(
                stage=stage,
                folder="",
                har=har,
                calibration=str(calibration),
                arrays=tuple(opened.window_shapes),
                array_of_input=opened.input_layers,
            )
        return job, {**self._tools, "after": before.key}

    def _graph_file(self, each: PreparedCase, opened: OpenedGraph) -> Path:
        path = self._folder / "graphs" / f"{each.file_name}.onnx"
        with written_beside(path) as part:
            part.write_bytes(opened.model.SerializeToString(deterministic=True))
        return path

    def _calibration_file(self, each: PreparedCase, opened: OpenedGraph) -> Path:
        """Write random windows, as many as the optimiser takes by default, fewer of large ones."""
        path = self._folder / "graphs" / f"{each.file_name}.npz"
        random, shapes = np.random.default_rng(0), opened.window_shapes
        largest = max(int(np.prod(shape)) for shape in shapes.values())
        windows = max(1, min(WINDOWS, CALIBRATION_BYTES // (4 * largest)))
        arrays = {name: random.standard_normal((windows, *shape), np.float32) for name, shape in shapes.items()}
        with written_beside(path) as part:
            np.savez(part, **arrays)  # type: ignore[arg-type]
        return path

    def _clean(self, each: PreparedCase, stage: str, answer: Answer) -> None:
        """Remove the large files of a case that is decided."""
        if answer.outcome == "pass" and stage != each.case.last:
            return
        for suffix in (".onnx", ".npz"):
            (self._folder / "graphs" / f"{each.file_name}{suffix}").unlink(missing_ok=True)
        for record in self._runner.records:
            for kind in record.files:
                record.path(self._folder, kind).unlink(missing_ok=True)
            (self._folder / record.log).with_name("job.json").unlink(missing_ok=True)

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


def _verdict(prepared: PreparedCase, stage: str, answer: Answer, compiler: str, chip: str, date: str) -> Verdict:
    """Return the row of one answer about a case."""
    case, opened = prepared.case, prepared.open(Path("graph.onnx"))
    return Verdict(
        id=f"probe/{prepared.key}/{stage}",
        source=f"tasnet2hef probe, {date}",
        dfc_version=compiler,
        hw_arch=chip,
        stage=stage,
        outcome=PASS if answer.outcome == PASS else FAIL,
        op=operators_of(opened.model),
        shapes=", ".join(f"{name} {shape}" for name, shape in opened.inputs.items())[:SHAPES_LENGTH],
        params={
            "case": prepared.key,
            "rule": case.rule,
            "operator": case.operator,
            "example": case.example,
            "name": case.graph,
            "last": case.last,
            "predicted": prepared.predicted,
            "tasnet2hef": __version__,
        },
        error=answer.words or None,
        cause=answer.signature or None,
    )


def _prepared(options: ProbeOptions) -> list[PreparedCase]:
    cases: Iterable[ProbeCase] = select(all_cases(), options.only)
    path = options.folder / "graph.onnx"
    return [each for case in cases if (each := prepare(case, options.hardware, path))]


def _settings(options: ProbeOptions, folder: Path, lock: RunLock) -> RunnerSettings:
    nowhere = Path("graph.onnx")
    situation = Situation(nowhere, Path("calib.npz"), Path("graph.hef"), options.hardware)
    memory = options.memory_limit_bytes or int(MEMORY_SHARE * memory_bytes())
    return RunnerSettings(
        folder, interpreter(options.python), lock.token, memory, options.limits, situation, False
    )


def _require_compiler(versions: StageRecord, options: ProbeOptions) -> str:
    python = interpreter(options.python)
    if not versions.done:
        failure = versions.failure
        if failure is not None and failure.signature == NO_COMPILER_SIGNATURE:
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


def _read_journal(path: Path) -> tuple[Verdict, ...]:
    """Return the answers of earlier probes; a last line that a killed probe left unfinished is removed."""
    if not path.is_file():
        return ()
    content = path.read_bytes()
    if not content.endswith(b"\n"):
        with written_beside(path) as part:
            part.write_bytes(content[: content.rfind(b"\n") + 1])
    return read_verdicts(path, rule_ids())


def _append(path: Path, row: Verdict) -> None:
    try:
        with path.open("a", encoding="utf-8") as journal:
            journal.write(f"{json.dumps(row.to_json())}\n")
            journal.flush()
            os.fsync(journal.fileno())
    except OSError as error:
        raise OptionError(f"{path}: can't be written ({error.strerror}); make room, and run again") from error


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
