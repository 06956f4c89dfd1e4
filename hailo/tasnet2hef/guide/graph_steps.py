"""The steps from a net to its HEF: form of the graph, export, check, calibration, simulation, compile."""

from __future__ import annotations

import dataclasses
import shlex
from functools import partial
from pathlib import Path
from typing import Any

from tasnet2hef.base.agreement import USABLE
from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import digest_of_file, written_beside
from tasnet2hef.base.progress import StepProgress
from tasnet2hef.base.text import counted
from tasnet2hef.compiler.driver import compile_graph
from tasnet2hef.compiler.pipeline import hailo_python
from tasnet2hef.compiler.report import CompileReport
from tasnet2hef.compiler.stages.runner import CompileDisplay
from tasnet2hef.guide.decisions import KEEP, Decision, Form, choose_form, decide_search
from tasnet2hef.guide.gates import check_gate, compile_gate, lost_at_8_bits_db, simulation_gate
from tasnet2hef.guide.journal import Journal
from tasnet2hef.guide.net_steps import NetSteps, digest_of_net
from tasnet2hef.guide.options import GoOptions
from tasnet2hef.guide.report import StepReport
from tasnet2hef.model.checkpoint.load import files_of
from tasnet2hef.model.export import ExportOptions, build, export_checkpoint
from tasnet2hef.model.network.norms import norm_strategy
from tasnet2hef.model.onnx_writer import make_model
from tasnet2hef.quantize.calibration.calibrate import calibrate_graph
from tasnet2hef.quantize.calibration.segments import SUFFIX as CALIBRATION_SUFFIX
from tasnet2hef.quantize.calibration.window_draw import Draw
from tasnet2hef.quantize.options import SimulationOptions
from tasnet2hef.quantize.report import SimulationReport
from tasnet2hef.quantize.simulate import simulate_graph
from tasnet2hef.report.facts import PAGE_NAME, report_folder
from tasnet2hef.report.listening import listen
from tasnet2hef.report.next_step import Standing, next_step
from tasnet2hef.report.save import write_report
from tasnet2hef.target.check import CheckReport, check_graph, check_here
from tasnet2hef.target.graph.opened import OpenedGraph


class GraphSteps:
    """What becomes of the net; every step rests on the one before."""

    def __init__(self, options: GoOptions, journal: Journal, net: NetSteps, display: CompileDisplay) -> None:
        self.options, self.journal, self.net, self.display = options, journal, net, display

    def choose_form(self, _progress: StepProgress) -> StepReport:
        """Write the graph in every form, in memory, and check each."""
        spec = self.net.checkpoint.spec
        residuals = ("separate", "joint") if spec.skip_chan else ("separate",)
        shifts = ("fold", "layer") if norm_strategy(spec) == "folded" else ("fold",)
        forms = [self._form(residual, shift) for residual in residuals for shift in shifts]
        self.form, reason = choose_form(forms)
        return StepReport("form", reason)

    def _form(self, residual: str, shift: str) -> Form:
        net, _ = build(self.net.checkpoint, self._export_options(residual, shift))
        report = check_graph(OpenedGraph(make_model(net)), self.options.compiling.hardware)
        return Form.of(residual, shift, len(report.errors), report.resources)

    def _export_options(self, residual: str, shift: str) -> ExportOptions:
        return ExportOptions(seconds=self.options.seconds, residual=residual, shift=shift)

    def export(self, _progress: StepProgress) -> StepReport:
        """Write the graph, and prove that it equals the checkpoint."""
        path = self.options.place(".onnx")
        chosen = self._export_options(self.form.residual, self.form.shift)
        step = self.journal.kept_or_done(
            "export",
            (digest_of_net(self.net.checkpoint), chosen),
            lambda force: self._export(path, dataclasses.replace(chosen, force=force)),
            beside=[report_folder(path) / "export.json"],
        )
        self.graph = OpenedGraph.read(path)
        return step

    def _export(self, path: Path, chosen: ExportOptions) -> StepReport:
        report = export_checkpoint(self.net.checkpoint, path, chosen, files_of(self.options.checkpoint))
        worst_db = min(row.db for row in report.parity)
        self._page(report.graphs[0], export=report)
        reason = (
            f"{path}, windows of {report.window_seconds:.2f} s, equals the checkpoint within {worst_db:.0f} dB"
        )
        return StepReport("export", reason, files=(path, report.selftest_path), notes=report.notes)

    def check(self, _progress: StepProgress) -> StepReport:
        """See what the compiler would refuse."""
        report, note = check_here(self.graph, self.options.compiling.hardware)
        self._page(self.graph, check=report)
        step = check_gate(report, self._fix_of_check(report))
        return dataclasses.replace(step, notes=(note,) if note else ())

    def _fix_of_check(self, report: CheckReport) -> str:
        errors = tuple(dict.fromkeys(finding.rule for finding in report.errors))
        return next_step(Standing(self.graph.path, errors=errors)).command if errors else ""

    @property
    def calibration(self) -> Path:
        """The calibration set."""
        return self.options.place(CALIBRATION_SUFFIX)

    def calibrate(self, progress: StepProgress) -> StepReport:
        """Draw the calibration set."""
        draw = Draw(self.options.windows, mixed=self.options.mix, any_data=self.options.speech.any_data)
        key = (self.graph.digest, self.net.speech_key, draw)
        return self.journal.kept_or_done("calibrate", key, lambda force: self._calibrate(draw, progress, force))

    def _calibrate(self, draw: Draw, progress: StepProgress, force: bool) -> StepReport:
        folder, drawing = self.options.speech_folder, partial(progress, "drawing windows")
        report = calibrate_graph(self.graph, folder, self.calibration, draw, drawing, force=force)
        metadata = report.metadata
        reason = (
            f"{counted(metadata.windows, 'window')} of {counted(metadata.recordings, 'recording')}, "
            f"{metadata.mixed} added up in each"
        )
        return StepReport("calibrate", reason, files=(self.calibration,), notes=tuple(metadata.notes))

    def simulate(self, progress: StepProgress) -> StepReport:
        """See what 8 bits cost; search for 16-bit layers where that is much."""
        key = (self._calibration_key, self.form.caps, self.options.search)
        page = report_folder(self.graph.path) / "simulate.json"
        return self.journal.kept_or_done(
            "simulate", key, lambda force: self._simulate(progress, force), beside=[page]
        )

    @property
    def _calibration_key(self) -> tuple[str, ...]:
        files = (self.calibration, *sorted(self.net.held_out.glob("*.wav")))
        return (self.graph.digest, *map(digest_of_file, files))

    def _simulate(self, progress: StepProgress, force: bool) -> StepReport:
        report = self._simulated(progress, SimulationOptions(quick=True, force=force))
        decision = decide_search(lost_at_8_bits_db(report), self.options.search)
        if decision.choice != KEEP:
            report = self._simulated(progress, SimulationOptions(force=True))
        self._page(self.graph, simulate=report)
        return simulation_gate(report, decision, self._fix_of_simulation(decision))

    def _simulated(self, progress: StepProgress, options: SimulationOptions) -> SimulationReport:
        evaluation = self.net.held_out if any(self.net.held_out.glob("*.wav")) else None
        chosen = dataclasses.replace(options, user_script=self._caps_script())
        return simulate_graph(self.graph, self.calibration, evaluation, None, chosen, progress)

    def _caps_script(self) -> Path | None:
        """Write the lines of the model script that raise the caps, where they make a single context."""
        if not self.form.caps:
            return None
        path = self.options.run_folder / "caps.alls"
        with written_beside(path) as part:
            part.write_text(f"{self.form.caps}\n", encoding="utf-8")
        return path

    def _fix_of_simulation(self, decision: Decision) -> str:
        """Return the search where there was none, else training with the noise of 8 bits."""
        if decision.choice == KEEP:
            return self.options.command("--search")
        options, student = self.options, self.options.place(".student.pth")
        words = ["distil", options.checkpoint, str(options.speech_folder), "-o", str(student), "--noise-bits", "8"]
        return shlex.join(["tasnet2hef", *words])

    def listen(self, _progress: StepProgress) -> StepReport:
        """Separate a held-out mixture, in float and at 8 bits, for the page."""
        mixtures = sorted(self.net.held_out.glob("*_mixture.wav"))
        if not mixtures:
            return StepReport("listen", "no held-out mixture to listen to on the page", USABLE)
        page = report_folder(self.graph.path) / "audio.json"
        return self.journal.kept_or_done(
            "listen", (self._calibration_key,), lambda _: self._listen(mixtures[0]), beside=[page]
        )

    def _listen(self, mixture: Path) -> StepReport:
        sources = sorted(mixture.parent.glob(mixture.name.replace("mixture", "source_*")))
        heard = listen(self.graph, mixture, references=sources, calibration=self.calibration)
        self._page(self.graph, audio=heard)
        page = report_folder(self.graph.path) / PAGE_NAME
        return StepReport("listen", f"a held-out mixture in float and at 8 bits, on {page}", notes=heard.notes)

    def compile(self) -> tuple[StepReport, CompileReport]:
        """Compile, or write the bundle; the compiler's own run folder keeps what was done before."""
        reports: list[CompileReport] = []

        def work(force: bool) -> StepReport:
            python, note = hailo_python(self.options.compiling.python)
            script = self.graph.path.with_suffix(".alls")
            compiling = dataclasses.replace(self.options.compiling, script=script, python=python, replace=force)
            reports.append(compile_graph(self.graph, self.calibration, compiling, self.display))
            self._page(self.graph, compiled=reports[0])
            step = compile_gate(reports[0], self.options.command())
            return dataclasses.replace(step, notes=(*step.notes, *((note,) if note else ())))

        return self.journal.done("compile", "", work), reports[0]

    def _page(self, graph: OpenedGraph, **results: Any) -> None:
        """Add results to the page; one that can't be written is told, and the result itself stands."""
        try:
            force = self.options.compiling.replace
            write_report(graph, inputs=[Path(self.options.checkpoint)], force=force, **results)
        except OptionError as error:
            self.display.note(f"no report page: {error}")
