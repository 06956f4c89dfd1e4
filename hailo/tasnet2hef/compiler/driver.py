"""ONNX to HEF: the check, the stages in their order, and fallback settings where the compile stage fails."""

from __future__ import annotations

import dataclasses
import platform
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.environments import TO_HAILO, environment_python
from tasnet2hef.base.errors import GraphError, InputError, OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.marks import Mark
from tasnet2hef.base.outcome import DONE, FAILED, NO_COMPILER, NOT_COMPILED, REFUSED, Outcome
from tasnet2hef.base.outputs import Output, require_outputs, require_own_folder
from tasnet2hef.base.supervise.lock import LOCK_NAME, RunLock, locked, removed_if_refused
from tasnet2hef.base.version import __version__
from tasnet2hef.compiler.agreement_report import read_hn, save_agreement
from tasnet2hef.compiler.emulator_check import LEAST_AGREEMENT_DB, WINDOWS, EmulatorResult, compare_modes
from tasnet2hef.compiler.fallbacks import Fallback, fallbacks_for, next_fallback
from tasnet2hef.compiler.hand_over import hand_over
from tasnet2hef.compiler.hef_facts import hef_facts
from tasnet2hef.compiler.inputs import CompileInputs, read_inputs
from tasnet2hef.compiler.options import CompileOptions
from tasnet2hef.compiler.report import CompileReport
from tasnet2hef.compiler.report_archive import write_report_archive
from tasnet2hef.compiler.run_record import StageRecord
from tasnet2hef.compiler.stages.job import StageJob, write_json
from tasnet2hef.compiler.stages.runner import CompileDisplay, RunnerSettings, StageRunner, interpreter
from tasnet2hef.compiler.verdicts import compile_verdict, remember
from tasnet2hef.runtime.backends.hailort.sidecar import compile_mark, sidecar_path, write_sidecar
from tasnet2hef.target.alls.layers import resolve_layers
from tasnet2hef.target.alls.parser import parse_script
from tasnet2hef.target.failures.classify import Situation
from tasnet2hef.target.failures.facts import Facts, facts_of_graph
from tasnet2hef.target.graph.agreement import Agreement
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.known.installed import installed_compiler
from tasnet2hef.target.known.releases import wrong_chip

CHECK_NAME: Final = "check.json"
HEF_MARK: Final = "hef.json"
"""Holds the HEF's mark and SHA-256, in the run's folder: the HEF's format has no place for a mark."""


def compile_graph(
    graph: OpenedGraph, calibration: Path, options: CompileOptions, display: CompileDisplay
) -> CompileReport:
    """Compile a graph; where that fails, report the cause and what to do.

    Raises:
        InputError: a file can't be read or does not fit, or another run has locked the folder.
    """
    started = time.monotonic()
    inputs = _read(graph, calibration, options)
    folder = options.folder(graph.path).resolve()
    require_outputs(
        compile_outputs(options, graph.path, graph.made_from),
        filter(None, (*graph.files, calibration, options.script)),
        force=options.replace,
    )
    require_own_folder(folder, "a run of the compiler", (LOCK_NAME, CHECK_NAME), force=options.replace)
    try:
        with removed_if_refused(folder), locked(folder) as lock:
            write_json(folder / CHECK_NAME, inputs.report.to_json())
            run = _Run(inputs, options, folder, lock, display)
            if inputs.report.errors and not options.force:
                report = CompileReport(REFUSED, folder, 0.0, inputs.report, notes=inputs.notes)
            else:
                report = run.compile()
            report = dataclasses.replace(report, seconds=time.monotonic() - started)
            report = _with_verdict(report, graph, options.hardware)
            write_json(folder / "report.json", report.to_json())
            if report.outcome in (DONE, FAILED):
                write_report_archive(report, [graph.path, calibration])
    except OSError as error:  # for example a full disk while a lock, a log or a folder is written
        reason = error.strerror or str(error)
        raise OptionError(
            f"{folder}: can't be written ({reason}); make room, or choose another place with -o"
        ) from error
    return report


def compile_outputs(options: CompileOptions, model: Path, made_from: str) -> list[Output]:
    """Return what a run writes outside of its own folder: the HEF and its sidecar."""
    hef, mark = options.hef(model), Mark.of("compile", made_from)
    return [Output(hef, mark, beside=options.folder(model) / HEF_MARK), Output(sidecar_path(hef), mark)]


def _with_verdict(report: CompileReport, graph: OpenedGraph, hardware: str) -> CompileReport:
    """Add a run's verdict to the knowledge file of its compiler and chip; where that can't be done, add a note."""
    findings = [finding.rule for finding in report.check.errors]
    row = compile_verdict(report.records, report.folder, graph.model, findings, hardware)
    if row is None:
        return report
    try:
        remember([row])
    except InputError as error:
        return dataclasses.replace(report, notes=(*report.notes, f"its verdict was not kept: {error}"))
    return report


def _read(graph: OpenedGraph, calibration: Path, options: CompileOptions) -> CompileInputs:
    """Read and check a run's inputs, with what is known of the compiler that is installed."""
    compiler = installed_compiler(options.python)
    return read_inputs(graph, calibration, options.script, options.hardware, compiler, any_data=options.force)


def plan(
    graph: OpenedGraph, calibration: Path, options: CompileOptions
) -> tuple[CompileInputs, tuple[Fallback, ...]]:
    """Return what a run would read, and its fallbacks; nothing is run or written."""
    inputs = _read(graph, calibration, options)
    return inputs, fallbacks_for(inputs.script, situation_of(inputs, options), inputs.report.resources)


def describe_plan(fallbacks: Sequence[Fallback], options: CompileOptions) -> str:
    """Return in one line the settings to try, and the limits on tries and time."""
    names = " -> ".join(f"{fallback.id} (by hand)" if fallback.manual else fallback.id for fallback in fallbacks)
    hours = options.seconds()["total"] / 3600
    return f"plan: {names} -> stop; at most {options.attempts} tries and {hours:.3g} hours"


def situation_of(inputs: CompileInputs, options: CompileOptions) -> Situation:
    """Return the facts about a run from which explanations build their commands."""
    output = options.hef(inputs.model)
    return Situation(
        inputs.model,
        inputs.calibration,
        output,
        options.hardware,
        options.script,
        seconds=inputs.seconds,
        chunk_frames=inputs.chunk_frames,
        checkpoint=options.checkpoint,
        ends="chip" if inputs.contract is None else inputs.contract.ends,
    )


def facts_of(inputs: CompileInputs, hardware: str) -> Facts:
    """Return what is known of a run, to explain a failure; that the calibration set fits was checked before."""
    facts = facts_of_graph(inputs.graph, inputs.report.findings)
    return dataclasses.replace(
        facts, script=parse_script(inputs.script), calibration=facts.inputs, hardware=hardware
    )


@dataclass(frozen=True)
class _Parsed:
    """Results of the translate stage: its record, the compiler's graph, and the script in the compiler's names."""

    record: StageRecord
    hn: dict[str, Any]
    script: str
    agreement: Agreement


class _Run:
    """One run in its folder; ``_notes`` are the report's notes for the user."""

    def __init__(
        self, inputs: CompileInputs, options: CompileOptions, folder: Path, lock: RunLock, display: CompileDisplay
    ) -> None:
        self._inputs, self._options, self._folder, self._display = inputs, options, folder, display
        situation = situation_of(inputs, options)
        python = interpreter(options.python)
        seconds = options.seconds()
        facts = facts_of(inputs, options.hardware)
        settings = RunnerSettings(folder, python, lock.token, options.memory(), seconds, situation, facts=facts)
        self._stages = StageRunner(settings, display)
        self._fallbacks = fallbacks_for(inputs.script, situation, inputs.report.resources)
        self._deadline = time.monotonic() + seconds["total"]
        self._notes = list(inputs.notes)
        if lock.orphans:
            self._note(f"{lock.orphans} processes of an earlier, killed run were still running, and were stopped")

    def compile(self) -> CompileReport:
        """Announce the plan, then run the stages."""
        self._display.note(describe_plan(self._fallbacks, self._options))
        versions = self._stages.probe(StageJob(stage="versions", folder=""))
        if not versions.done:
            return self._without_compiler(versions)
        if wrong := wrong_chip(str(versions.facts.get("compiler", "")), self._options.hardware):
            raise OptionError(f"--hw {self._options.hardware}: {wrong}")
        self._stages.knows_compiler(str(versions.facts.get("compiler", "")))
        tools = {**versions.facts, "tasnet2hef": __version__}
        parsed = self._translate(tools)
        if isinstance(parsed, CompileReport):
            return parsed
        optimised = self._optimise(parsed, tools)
        if not optimised.done:
            why = _because(optimised, "no setting of the compile stage can help this failure")
            return self._ended(FAILED, parsed, stopped_because=why)
        emulator = self._emulate(parsed, optimised, tools)
        return self._try_settings(parsed, optimised, emulator, tools)

    def _translate(self, tools: dict[str, Any]) -> _Parsed | CompileReport:
        inputs = self._inputs
        job = StageJob(
            stage="translate",
            folder="",
            hardware=self._options.hardware,
            net_name=inputs.net_name,
            model=str(inputs.model),
            start_nodes=tuple(inputs.inputs),
            end_nodes=inputs.end_nodes,
            input_shapes=inputs.inputs,
        )
        record = self._run(
            job, {**tools, "model": inputs.digests["model"], "hardware": job.hardware, "name": job.net_name}
        )
        if not record.done:
            return self._ended(FAILED, stopped_because=_because(record, "a different graph is needed"))
        facts = {**tools, "hardware": job.hardware, "model": inputs.model.name, "host": platform.machine()}
        hn = read_hn(record.path(self._folder, "hn"))
        agreement = save_agreement(self._folder, inputs.report.net, hn, facts)
        if not agreement.complete:
            self._note(
                f"the compiler's graph differs from the prediction: {agreement.layers.agreeing} of "
                f"{agreement.layers.total} layers agree"
                f"{'' if agreement.order_agrees else ', in a different order'}; "
                f"{self._folder / 'agreement.md'} is a report to attach to an issue"
            )
        return _Parsed(record, hn, self._resolved_script(hn), agreement)

    def _resolved_script(self, hn: dict[str, Any]) -> str:
        """Return the model script in the compiler's own layer names."""
        if not self._inputs.script:
            return ""
        script, notes = resolve_layers(self._inputs.script, self._inputs.report.net, hn)
        for note in notes:
            self._note(note)
        return script

    def _optimise(self, parsed: _Parsed, tools: dict[str, Any]) -> StageRecord:
        job = StageJob(
            stage="optimize",
            folder="",
            har=str(parsed.record.path(self._folder, "har")),
            script=parsed.script,
            calibration=str(self._inputs.calibration),
            arrays=self._inputs.arrays,
            array_of_input=self._inputs.array_of_input,
        )
        depends = {
            "after": parsed.record.key,
            "script": job.script,
            "calibration": self._inputs.digests["calibration"],
        }
        return self._run(job, {**tools, **depends})

    def _emulate(
        self, parsed: _Parsed, optimised: StageRecord, tools: dict[str, Any]
    ) -> tuple[EmulatorResult, ...]:
        """Run the emulator; if that fails the run continues, because the HEF does not depend on it."""
        job = StageJob(
            stage="emulate",
            folder="",
            har=str(optimised.path(self._folder, "har")),
            calibration=str(self._inputs.calibration),
            arrays=self._inputs.arrays,
            array_of_input=self._inputs.array_of_input,
            windows=WINDOWS,
        )
        depends = {"after": optimised.key, "windows": WINDOWS, "modes": list(LEAST_AGREEMENT_DB)}
        record = self._run(job, {**tools, **depends})
        if not record.done:
            cause = record.failure.cause if record.failure else "failed"
            self._note(f"emulator: {cause}; log: {self._folder / record.log}")
            return ()
        try:
            return compare_modes(self._inputs, record.path(self._folder, "emulated"), record.facts, parsed.hn)
        except (GraphError, ValueError) as error:
            self._note(f"emulator: its outputs can't be compared ({error})")
            return ()

    def _try_settings(
        self,
        parsed: _Parsed,
        optimised: StageRecord,
        emulator: tuple[EmulatorResult, ...],
        tools: dict[str, Any],
    ) -> CompileReport:
        """Compile with one setting after another, as far as they can help, within the limits on tries and time."""
        fallback: Fallback | None = self._fallbacks[0]
        tried: list[Fallback] = []
        why = ""
        while fallback is not None and not fallback.manual:
            why = self._exhausted(tried)
            if why:
                break
            tried.append(fallback)
            record = self._compile(fallback, optimised, tools)
            if record.done:
                return self._finish(parsed, record, emulator, tuple(tried))
            fallback = next_fallback(self._fallbacks, [each.id for each in tried], _first_fallback(record))
        none = "the next fallback needs a different graph" if fallback else _no_fallback(record)
        return self._ended(
            FAILED,
            parsed,
            emulator=emulator,
            tried=tuple(tried),
            next_fallback=fallback,
            stopped_because=why or _because(record, none),
        )

    def _exhausted(self, tried: list[Fallback]) -> str:
        """Return the limit that rules out another try; empty where none does."""
        if len(tried) >= self._options.attempts:
            return f"the limit on tries is reached ({len(tried)})"
        return "the total time is used up" if time.monotonic() > self._deadline else ""

    def _compile(self, fallback: Fallback, optimised: StageRecord, tools: dict[str, Any]) -> StageRecord:
        if fallback.script:
            self._display.note(f"next try: {fallback.what} ({fallback.script})")
        job = StageJob(
            stage="compile", folder="", har=str(optimised.path(self._folder, "har")), script=fallback.script
        )
        return self._run(job, {**tools, "after": optimised.key, "script": fallback.script})

    def _finish(
        self,
        parsed: _Parsed,
        compiled: StageRecord,
        emulator: tuple[EmulatorResult, ...],
        tried: tuple[Fallback, ...],
    ) -> CompileReport:
        """Copy the HEF to its place and write its sidecar."""
        hef = self._options.hef(self._inputs.model)
        self._copy(compiled.path(self._folder, "hef"), hef)
        version, digest = self._stages.records[0].facts["compiler"], compiled.files["hef"].sha256
        if self._inputs.contract is not None:
            write_sidecar(
                hef,
                self._inputs.graph,
                parsed.hn,
                hardware=self._options.hardware,
                compiler=version,
                sha256=digest,
            )
        facts = hef_facts(hef, version, digest, self._folder / compiled.log, parsed.hn)
        report = self._ended(DONE, parsed, emulator=emulator, tried=tried)
        return dataclasses.replace(report, hef=facts)

    def _copy(self, compiled: Path, hef: Path) -> None:
        """Copy the HEF to its place, and note in the run's folder that it is ours.

        Raises:
            InputError: the place can't be written, for example because the disk is full; the run is kept.
        """
        try:
            with written_beside(hef) as part:
                shutil.copyfile(compiled, part)
            with written_beside(self._folder / HEF_MARK) as part:
                part.write_text(compile_mark(self._inputs.graph).beside(hef), encoding="utf-8")
        except OptionError as error:
            raise InputError(f"{error}; the HEF itself is {compiled}") from error

    def _without_compiler(self, versions: StageRecord) -> CompileReport:
        """Report that nothing was compiled, and write the bundle to compile on another machine."""
        if versions.failure is None or versions.failure.signature != NO_COMPILER:
            return self._ended(FAILED, stopped_because="the compiler is installed, but does not start")
        files = hand_over(self._folder, self._inputs, self._options)
        if not list(files.bundle.glob("tasnet2hef-*.whl")):
            self._note(
                f"{files.bundle}: without a wheel of tasnet2hef, which is not installed here: compile.sh needs it"
            )
        report = self._ended(NOT_COMPILED, stopped_because=_no_compiler(interpreter(self._options.python)))
        return dataclasses.replace(report, hand_over=files)

    def _run(self, job: StageJob, depends: dict[str, Any]) -> StageRecord:
        """Run a stage within the rest of the total time."""
        left = self._deadline - time.monotonic()
        limit = self._options.seconds()[job.stage]
        if left < limit:
            self._display.note(f"{job.stage}: {max(left, 0) / 60:.1f} minutes are left of the total")
        return self._stages.run(job, depends, max(1.0, min(limit, left)))

    def _note(self, text: str) -> None:
        self._notes.append(text)
        self._display.note(text)

    def _ended(self, outcome: Outcome, parsed: _Parsed | None = None, **more: Any) -> CompileReport:
        return CompileReport(
            outcome,
            self._folder,
            0.0,
            self._inputs.report,
            records=tuple(self._stages.records),
            agreement=None if parsed is None else parsed.agreement,
            notes=tuple(self._notes),
            **more,
        )


def _no_compiler(python: str) -> str:
    """Return where the compiler was looked for, and where it is if that is another environment."""
    not_found = f"Hailo Dataflow Compiler not found (looked in {python})"
    beside = environment_python(TO_HAILO)
    if Path(python) != beside and installed_compiler(str(beside)):
        return f"{not_found}; it is in {beside}, to be given as the compiler's Python"
    return not_found


def _because(failed: StageRecord, otherwise: str) -> str:
    """Return why a run ends with a failed stage."""
    return (
        "the machine stopped it, not the graph: fix that and run again"
        if failed.failure is not None and failed.failure.machine
        else otherwise
    )


def _no_fallback(failed: StageRecord) -> str:
    """Return why no other setting is tried."""
    known = failed.failure is None or failed.failure.known
    return (
        "no fallback can help this failure" if known else "the failure is not known: no setting is known to help"
    )


def _first_fallback(failed: StageRecord) -> str:
    """Return the first fallback that can help against a failure; empty where none can."""
    return "" if failed.failure is None else failed.failure.fallback
