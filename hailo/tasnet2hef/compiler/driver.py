"""ONNX to HEF: the check, the stages in their order, and the ladder when one of them fails."""

from __future__ import annotations

import dataclasses
import platform
import shutil
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.errors import GraphError, OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.supervise.lock import RunLock, locked
from tasnet2hef.base.version import __version__
from tasnet2hef.compiler.agreement_report import read_hn, save_agreement
from tasnet2hef.compiler.emulator_check import FLOORS_DB, WINDOWS, Step, judge_steps
from tasnet2hef.compiler.fallbacks import Rung, ladder, next_rung
from tasnet2hef.compiler.hand_over import hand_over
from tasnet2hef.compiler.hef_facts import hef_facts
from tasnet2hef.compiler.inputs import CompileInputs, read_inputs
from tasnet2hef.compiler.options import CompileOptions
from tasnet2hef.compiler.report import DONE, FAILED, NO_COMPILER, REFUSED, CompileReport
from tasnet2hef.compiler.run_record import StageRecord
from tasnet2hef.compiler.stages.job import StageJob, write_json
from tasnet2hef.compiler.stages.runner import Display, Setting, StageRunner, interpreter
from tasnet2hef.runtime.backends.hailort.sidecar import write_sidecar
from tasnet2hef.target.alls.layers import resolve_layers
from tasnet2hef.target.failures.classify import Situation
from tasnet2hef.target.graph.agreement import Agreement

ABSENT: Final = "no-compiler"


def compile_file(model: Path, calibration: Path, options: CompileOptions, display: Display) -> CompileReport:
    """Compile a graph, or say exactly why not and what to do.

    Raises:
        InputError: a file can't be read or does not fit, or another run holds the folder.
    """
    started = time.monotonic()
    inputs = read_inputs(model, calibration, options.script, options.hardware)
    folder = options.folder(model).resolve()
    try:
        with locked(folder) as lock:
            write_json(folder / "check.json", inputs.report.to_json())
            run = _Run(inputs, options, folder, lock, display)
            if inputs.report.errors and not options.force:
                found = CompileReport(REFUSED, folder, 0.0, inputs.report, notes=inputs.notes)
            else:
                found = run.go()
            found = dataclasses.replace(found, seconds=time.monotonic() - started)
            write_json(folder / "report.json", found.to_json())
    except OSError as error:  # a disk that fills up while a lock, a log or a folder is written
        reason = error.strerror or str(error)
        raise OptionError(
            f"{folder}: can't be written ({reason}); make room, or choose another place with -o"
        ) from error
    return found


def plan(model: Path, calibration: Path, options: CompileOptions) -> tuple[CompileInputs, tuple[Rung, ...]]:
    """Return what a run would read, and its ladder; nothing is run or written."""
    inputs = read_inputs(model, calibration, options.script, options.hardware)
    return inputs, ladder(inputs.script, situation_of(inputs, options))


def told(rungs: Sequence[Rung], options: CompileOptions) -> str:
    """Return a ladder in one line: its rungs, and the limits on tries and time."""
    names = " -> ".join(f"{rung.id} (by hand)" if rung.by_hand else rung.id for rung in rungs)
    hours = options.seconds()["total"] / 3600
    return f"plan: {names} -> stop; at most {options.attempts} tries and {hours:.3g} hours"


def situation_of(inputs: CompileInputs, options: CompileOptions) -> Situation:
    """Return what the commands in explanations are made of."""
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
    )


@dataclass(frozen=True)
class _Parsed:
    """What the translate stage left: its record, the compiler's graph and the script in its names."""

    record: StageRecord
    hn: dict[str, Any]
    script: str
    agreement: Agreement


class _Run:
    """One run in its folder; ``_notes`` gathers what a reader should know."""

    def __init__(
        self, inputs: CompileInputs, options: CompileOptions, folder: Path, lock: RunLock, display: Display
    ) -> None:
        self._inputs, self._options, self._folder, self._display = inputs, options, folder, display
        situation = situation_of(inputs, options)
        python = interpreter(options.python)
        seconds = options.seconds()
        setting = Setting(folder, python, lock.token, options.memory(), seconds, situation)
        self._stages = StageRunner(setting, display)
        self._ladder = ladder(inputs.script, situation)
        self._deadline = time.monotonic() + seconds["total"]
        self._notes = list(inputs.notes)
        if lock.left_over:
            self._note(
                f"{lock.left_over} processes of an earlier, killed run were still at work, and were stopped"
            )

    def go(self) -> CompileReport:
        """Announce the ladder, then go through the stages."""
        self._display.note(told(self._ladder, self._options))
        versions = self._stages.probe(StageJob(stage="versions", folder=""))
        if not versions.done:
            return self._without_compiler(versions)
        tools = {**versions.facts, "tasnet2hef": __version__}
        parsed = self._translate(tools)
        if isinstance(parsed, CompileReport):
            return parsed
        optimised = self._optimise(parsed, tools)
        if not optimised.done:
            why = _because(optimised, "no setting of the compile stage can help this one")
            return self._ended(FAILED, parsed, stopped_because=why)
        steps = self._emulate(parsed, optimised, tools)
        return self._climb(parsed, optimised, steps, tools)

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
        found = self._run(
            job, {**tools, "model": inputs.digests["model"], "hardware": job.hardware, "name": job.net_name}
        )
        if not found.done:
            return self._ended(FAILED, stopped_because=_because(found, "another graph is needed"))
        hn_path = found.path(self._folder, "hn")
        facts = {**tools, "hardware": job.hardware, "model": inputs.model.name, "host": platform.machine()}
        agreement = save_agreement(self._folder, inputs.report.net, hn_path, facts)
        if not agreement.complete:
            self._note(
                f"the compiler's graph differs from the prediction: {agreement.layers.agreeing} of "
                f"{agreement.layers.total} layers agree{'' if agreement.order_agrees else ', in another order'}; "
                f"{self._folder / 'agreement.md'} is ready to be sent in"
            )
        hn = read_hn(hn_path)
        return _Parsed(found, hn, self._resolved_script(hn), agreement)

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

    def _emulate(self, parsed: _Parsed, optimised: StageRecord, tools: dict[str, Any]) -> tuple[Step, ...]:
        """Run the emulator; where that fails the run goes on, for the HEF does not depend on it."""
        job = StageJob(
            stage="emulate",
            folder="",
            har=str(optimised.path(self._folder, "har")),
            calibration=str(self._inputs.calibration),
            arrays=self._inputs.arrays,
            array_of_input=self._inputs.array_of_input,
            windows=WINDOWS,
        )
        found = self._run(job, {**tools, "after": optimised.key, "windows": WINDOWS, "steps": list(FLOORS_DB)})
        if not found.done:
            self._note(f"emulator: {found.failure['cause']}; log: {self._folder / found.log}")
            return ()
        try:
            return judge_steps(self._inputs, found.path(self._folder, "emulated"), found.facts, parsed.hn)
        except (GraphError, ValueError) as error:
            self._note(f"emulator: its outputs can't be compared ({error})")
            return ()

    def _climb(
        self, parsed: _Parsed, optimised: StageRecord, steps: tuple[Step, ...], tools: dict[str, Any]
    ) -> CompileReport:
        """Try the rungs that can help, one after the other, within the limits of tries and time."""
        rung: Rung | None = self._ladder[0]
        tried: list[Rung] = []
        why = ""
        while rung is not None and not rung.by_hand:
            why = self._spent(tried)
            if why:
                break
            tried.append(rung)
            found = self._compile(rung, optimised, tools)
            if found.done:
                return self._finish(parsed, found, steps, tuple(tried))
            rung = next_rung(self._ladder, [each.id for each in tried], found.failure["fallback"])
        none = "the next rung is another graph" if rung else "no rung of the ladder helps this failure"
        why = why or _because(found, none)
        return self._ended(FAILED, parsed, steps=steps, tried=tuple(tried), next_step=rung, stopped_because=why)

    def _spent(self, tried: list[Rung]) -> str:
        """Return why there is no further try; empty while there is one."""
        if len(tried) >= self._options.attempts:
            return f"tries made: {len(tried)}, as many as were allowed"
        return "the total time is used up" if time.monotonic() > self._deadline else ""

    def _compile(self, rung: Rung, optimised: StageRecord, tools: dict[str, Any]) -> StageRecord:
        if rung.script:
            self._display.note(f"next try: {rung.what} ({rung.script})")
        job = StageJob(
            stage="compile", folder="", har=str(optimised.path(self._folder, "har")), script=rung.script
        )
        return self._run(job, {**tools, "after": optimised.key, "script": rung.script})

    def _finish(
        self, parsed: _Parsed, made: StageRecord, steps: tuple[Step, ...], tried: tuple[Rung, ...]
    ) -> CompileReport:
        """Put the HEF in its place."""
        hef = self._options.hef(self._inputs.model)
        with written_beside(hef) as part:
            shutil.copyfile(made.path(self._folder, "hef"), part)
        version = self._stages.records[0].facts["compiler"]
        if self._inputs.contract is not None:
            write_sidecar(hef, self._inputs.model, parsed.hn, hardware=self._options.hardware, compiler=version)
        facts = hef_facts(hef, version, made.files["hef"]["sha256"], self._folder / made.log, parsed.hn)
        report = self._ended(DONE, parsed, steps=steps, tried=tried)
        return dataclasses.replace(report, hef=facts)

    def _without_compiler(self, versions: StageRecord) -> CompileReport:
        """End honestly: not done, and what is needed to finish it elsewhere."""
        if versions.failure["signature"] != ABSENT:
            return self._ended(FAILED, stopped_because="the compiler is there and does not start")
        made = hand_over(self._folder, self._inputs, self._options)
        python = interpreter(self._options.python)
        report = self._ended(NO_COMPILER, stopped_because=f"the compiler is not installed in {python}")
        return dataclasses.replace(report, hand_over=made)

    def _run(self, job: StageJob, depends: dict[str, Any]) -> StageRecord:
        """Run a stage within what is left of the total time."""
        left = self._deadline - time.monotonic()
        limit = self._options.seconds()[job.stage]
        if left < limit:
            self._display.note(f"{job.stage}: {max(left, 0) / 60:.1f} minutes are left of the total")
        return self._stages.run(job, depends, max(1.0, min(limit, left)))

    def _note(self, text: str) -> None:
        self._notes.append(text)
        self._display.note(text)

    def _ended(self, outcome: str, parsed: _Parsed | None = None, **more: Any) -> CompileReport:
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


def _because(failed: StageRecord, otherwise: str) -> str:
    """Return why a run ends with a failed stage."""
    return (
        "the machine stopped it, not the graph: mend that and run again"
        if failed.failure.get("machine")
        else otherwise
    )
