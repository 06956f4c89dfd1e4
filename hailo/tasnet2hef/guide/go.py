"""The guided path: reads the model, decides, makes every file up to the HEF, and stops at what is broken."""

from __future__ import annotations

import shlex
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any, Final, Protocol

from tasnet2hef.base.agreement import BROKEN, USABLE
from tasnet2hef.base.errors import AudioError, InputError, OptionError
from tasnet2hef.base.files import digest_of_bytes, digest_of_file, written_beside
from tasnet2hef.base.progress import StepProgress
from tasnet2hef.base.supervise.lock import locked
from tasnet2hef.base.text import counted
from tasnet2hef.compiler.driver import compile_graph
from tasnet2hef.compiler.pipeline import hailo_python
from tasnet2hef.compiler.stages.runner import CompileDisplay
from tasnet2hef.guide.decisions import (
    DISTIL,
    FREEZE,
    KEEP,
    Decision,
    Form,
    choose_form,
    decide_norms,
    decide_search,
)
from tasnet2hef.guide.estimates import audio_of_norms, seconds_per_second
from tasnet2hef.guide.gates import (
    check_gate,
    compile_gate,
    lost_at_8_bits_db,
    norm_gate,
    simulation_gate,
    speech_gate,
)
from tasnet2hef.guide.journal import JOURNAL_NAME, Journal, digest_of
from tasnet2hef.guide.options import GoOptions
from tasnet2hef.guide.report import GoReport, StepReport, ended, minutes_in_words
from tasnet2hef.guide.speech import describe_speech, fingerprint, require_outside, write_held_out
from tasnet2hef.model.checkpoint import Checkpoint, load_checkpoint
from tasnet2hef.model.export import ExportOptions, build, export_checkpoint
from tasnet2hef.model.network.norms import norm_strategy
from tasnet2hef.model.onnx_writer import make_model
from tasnet2hef.quantize.calibration.calibrate import calibrate_graph
from tasnet2hef.quantize.calibration.segments import SUFFIX as CALIBRATION_SUFFIX
from tasnet2hef.quantize.calibration.window_draw import Draw
from tasnet2hef.quantize.options import SimulationOptions
from tasnet2hef.quantize.report import SimulationReport
from tasnet2hef.quantize.simulate import simulate_graph
from tasnet2hef.report.facts import PAGE_NAME, read_facts, report_folder
from tasnet2hef.report.listening import listen
from tasnet2hef.report.next_step import NextStep, Standing, next_step, standing_of
from tasnet2hef.report.save import write_report
from tasnet2hef.target.check import CheckReport, check_graph, check_here
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.train.dataset import Dataset, read_dataset
from tasnet2hef.train.norm_report import NormReport
from tasnet2hef.train.replace_norms import distil_file, freeze_net, separation_db

WON_BACK: Final = 0.6
"""Share of the loss of frozen norms that training won back on the demo net: 0.54 dB became 0.21 dB."""
OTHER_SPEECH: Final = "OTHER_SPEECH/"


class GoDisplay(Protocol):
    """Shows the progress of a run."""

    stages: CompileDisplay

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
    require_outside(options.folder, options.speech_folder)
    with locked(options.run_folder), _removed_if_nothing_was_done(options.run_folder):
        return _Run(options, display).go()


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


class _Run:
    """One run: what its steps found so far."""

    def __init__(self, options: GoOptions, display: GoDisplay) -> None:
        self.options, self.display = options, display
        self.journal = Journal(options.run_folder)
        self.original = load_checkpoint(options.checkpoint, options.speech.settings, assume=options.speech.assume)
        self.checkpoint = self.original
        self.decision = decide_norms(self.original.spec, distil=options.distil)
        self.steps: list[StepReport] = []

    def go(self) -> GoReport:
        """Run the steps in order."""
        steps: dict[str, Callable[[StepProgress], StepReport]] = {
            "model": self.read_model,
            "speech": self.judge_speech,
            "norms": self.replace_norms,
            "form": self.choose_form,
            "export": self.export,
            "check": self.check,
            "calibrate": self.calibrate,
            "simulate": self.simulate,
            "listen": self.listen,
        }
        for name, work in steps.items():
            with self.display.working(name) as progress:
                started = time.perf_counter()
                step = ended(work(progress), time.perf_counter() - started)
            if self._is_over(step):
                return GoReport(tuple(self.steps), NextStep(step.fix, step.reason))
        started = time.perf_counter()
        step = ended(self.compile(), time.perf_counter() - started)
        if self._is_over(step):
            return GoReport(tuple(self.steps), NextStep(step.fix, step.reason))
        facts = read_facts(report_folder(self.graph.path))
        return GoReport(tuple(self.steps), next_step(standing_of(facts)))

    def _is_over(self, step: StepReport) -> bool:
        """Keep and show a step; tell whether it ends the run."""
        self.steps.append(step)
        self.display.ended(step)
        return step.verdict == BROKEN and not self.options.compiling.force

    def read_model(self, _progress: StepProgress) -> StepReport:
        """Say what the model is."""
        spec = self.original.spec
        reason = (
            f"{self.original.format}: Conv-TasNet of {counted(spec.n_src, 'source')} at {spec.sample_rate} Hz, "
            f"{spec.n_blocks * spec.n_repeats} blocks, norm {' and '.join(sorted(set(spec.norms)))}"
        )
        return StepReport("model", reason, notes=self.original.notes)

    @cached_property
    def model_key(self) -> str:
        """Digest of the original: its architecture and weights."""
        return _digest(self.original)

    @cached_property
    def speech_key(self) -> str:
        """Digest of the speech, and of how it is read."""
        return digest_of(fingerprint(self.options.speech_folder), self.options.speech)

    @cached_property
    def dataset(self) -> Dataset:
        """The speech as mixtures; read when first needed."""
        speech = self.options.speech
        return read_dataset(
            self.options.speech_folder,
            self.original.spec,
            seconds=speech.seconds,
            clips=(speech.validation_clips, speech.test_clips),
            most_hours=speech.hours,
            speakers=speech.speakers,
        )

    @property
    def held_out(self) -> Path:
        """Folder of the mixtures that no step is fitted to."""
        return self.options.run_folder / "held_out"

    def judge_speech(self, _progress: StepProgress) -> StepReport:
        """See whether the speech is like that of the training; write held-out mixtures."""
        key = (self.model_key, self.speech_key)
        return self.journal.kept_or_done("speech", key, self._judge_speech)

    def _judge_speech(self) -> StepReport:
        spec, options = self.original.spec, self.options
        for earlier in self.held_out.glob("*.wav"):
            earlier.unlink()
        try:
            found = describe_speech(options.speech_folder, spec.n_src, options.speech.speakers)
            dataset = self.dataset
        except AudioError as error:
            if self.decision.choice != KEEP:
                raise
            return StepReport(
                "speech", f"no mixtures to measure SI-SDR on, only agreement with float: {error}", USABLE
            )
        if dataset.has_sources:
            fix = options.command(speech=OTHER_SPEECH)
            gained_db = separation_db(self.original.reference(), dataset)
            step = speech_gate(gained_db, found, fix, any_data=options.speech.any_data)
        else:
            step = StepReport("speech", found, USABLE)
        files = write_held_out(
            dataset.test, spec.n_src, spec.sample_rate, self.held_out, has_sources=dataset.has_sources
        )
        return replace(step, files=files, notes=tuple(note for note in dataset.notes if note != found))

    def replace_norms(self, progress: StepProgress) -> StepReport:
        """Make norms constants where they can't live on the chip."""
        if self.decision.choice == KEEP:
            return StepReport("norms", self.decision.reason)
        path = self.options.place(".student.pth" if self.decision.choice == DISTIL else ".frozen.pth")
        key = (
            self.model_key,
            self.speech_key,
            self.decision.choice,
            self.options.freezing,
            self.options.distilling,
        )
        step = self.journal.kept_or_done("norms", key, lambda: self._replace_norms(path, progress))
        self.checkpoint = load_checkpoint(str(path))
        return step

    def _replace_norms(self, path: Path, progress: StepProgress) -> StepReport:
        options = self.options
        if self.decision.choice == FREEZE:
            measuring = partial(progress, "freezing and measuring")
            measuring(0, 1)
            net = self.original.reference()
            report = freeze_net(net, self.dataset, path, options.freezing, options.speech, measuring)
            return norm_gate(self.decision, report, options.command("--distil"), self._offer(report))
        training = options.distilling
        report = distil_file(
            options.checkpoint,
            options.speech_folder,
            path,
            training,
            options.speech,
            lambda step, _loss, _score: progress("training", step, training.steps),
        )
        return norm_gate(self.decision, report, options.command(speech=OTHER_SPEECH))

    def _offer(self, report: NormReport) -> str:
        """Return what training instead would take and win."""
        pace = seconds_per_second(self.original.reference(), self.options.speech.seconds) / 60
        time_in_words = minutes_in_words(pace * audio_of_norms(DISTIL, self.options))
        lost_db = max(report.original_db - report.result_db, 0.0) if report.has_sources else 0.0
        gain = f" and wins back about {WON_BACK * lost_db:.1f} dB" if lost_db >= 0.1 else ""
        return f"--distil trains for at most {time_in_words}{gain}"

    def choose_form(self, _progress: StepProgress) -> StepReport:
        """Write the graph in every form, in memory, and check each."""
        spec = self.checkpoint.spec
        residuals = ("separate", "joint") if spec.skip_chan else ("separate",)
        shifts = ("fold", "layer") if norm_strategy(spec) == "folded" else ("fold",)
        forms = [self._form(residual, shift) for residual in residuals for shift in shifts]
        self.form, reason = choose_form(forms)
        return StepReport("form", reason)

    def _form(self, residual: str, shift: str) -> Form:
        net, _ = build(self.checkpoint, self._export_options(residual, shift))
        report = check_graph(OpenedGraph(make_model(net)), self.options.compiling.hardware)
        return Form.of(residual, shift, len(report.errors), report.resources)

    def _export_options(self, residual: str, shift: str) -> ExportOptions:
        return ExportOptions(seconds=self.options.seconds, residual=residual, shift=shift)

    def export(self, _progress: StepProgress) -> StepReport:
        """Write the graph, and prove that it equals the checkpoint."""
        path = self.options.place(".onnx")
        chosen = self._export_options(self.form.residual, self.form.shift)
        return self.journal.kept_or_done(
            "export",
            (_digest(self.checkpoint), chosen),
            lambda: self._export(path, chosen),
            beside=[report_folder(path) / "export.json"],
        )

    def _export(self, path: Path, chosen: ExportOptions) -> StepReport:
        report = export_checkpoint(self.checkpoint, path, chosen)
        self.__dict__["graph"] = report.graphs[0]
        worst_db = min(row.db for row in report.parity)
        self._page(export=report)
        reason = (
            f"{path}, windows of {report.window_seconds:.2f} s, equals the checkpoint within {worst_db:.0f} dB"
        )
        return StepReport("export", reason, files=(path, report.selftest_path), notes=report.notes)

    @cached_property
    def graph(self) -> OpenedGraph:
        """The exported graph."""
        return OpenedGraph.read(self.options.place(".onnx"))

    def check(self, _progress: StepProgress) -> StepReport:
        """See what the compiler would refuse."""
        self.checked, note = check_here(self.graph, self.options.compiling.hardware)
        self._page(check=self.checked)
        step = check_gate(self.checked, self._fix_of_check(self.checked))
        return replace(step, notes=(note,) if note else ())

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
        key = (self.graph.digest, self.speech_key, draw)
        return self.journal.kept_or_done("calibrate", key, lambda: self._calibrate(draw, progress))

    def _calibrate(self, draw: Draw, progress: StepProgress) -> StepReport:
        folder = self.options.speech_folder
        report = calibrate_graph(self.graph, folder, self.calibration, draw, partial(progress, "drawing windows"))
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
        return self.journal.kept_or_done("simulate", key, lambda: self._simulate(progress), beside=[page])

    @property
    def _calibration_key(self) -> tuple[str, ...]:
        sets = (step for step in self.steps if step.name in ("speech", "calibrate"))
        files = [path for step in sets for path in step.files]
        return (self.graph.digest, *map(digest_of_file, files))

    def _simulate(self, progress: StepProgress) -> StepReport:
        report = self._simulated(progress, quick=True)
        decision = decide_search(lost_at_8_bits_db(report), self.options.search)
        if decision.choice != KEEP:
            report = self._simulated(progress, quick=False)
        self._page(simulate=report)
        return simulation_gate(report, decision, self._fix_of_simulation(decision))

    def _simulated(self, progress: StepProgress, *, quick: bool) -> SimulationReport:
        evaluation = self.held_out if any(self.held_out.glob("*.wav")) else None
        chosen = SimulationOptions(quick=quick, user_script=self._caps_script())
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
        mixtures = sorted(self.held_out.glob("*_mixture.wav"))
        if not mixtures:
            return StepReport("listen", "no held-out mixture to listen to on the page", USABLE)
        page = report_folder(self.graph.path) / "audio.json"
        return self.journal.kept_or_done(
            "listen", (self._calibration_key,), lambda: self._listen(mixtures[0]), beside=[page]
        )

    def _listen(self, mixture: Path) -> StepReport:
        sources = sorted(mixture.parent.glob(mixture.name.replace("mixture", "source_*")))
        heard = listen(self.graph, mixture, references=sources, calibration=self.calibration)
        self._page(audio=heard)
        page = report_folder(self.graph.path) / PAGE_NAME
        return StepReport("listen", f"a held-out mixture in float and at 8 bits, on {page}", notes=heard.notes)

    def compile(self) -> StepReport:
        """Compile, or write the bundle."""
        python, note = hailo_python(self.options.compiling.python)
        script = self.graph.path.with_suffix(".alls")
        compiling = replace(self.options.compiling, script=script, python=python)
        report = compile_graph(self.graph, self.calibration, compiling, self.display.stages)
        self._page(compiled=report)
        step = compile_gate(report, self.options.command())
        return replace(step, notes=(*step.notes, *((note,) if note else ())))

    def _page(self, **results: Any) -> None:
        """Add results to the page; one that can't be written is told, and the result itself stands."""
        try:
            write_report(self.graph, inputs=[Path(self.options.checkpoint)], **results)
        except OptionError as error:
            self.display.stages.note(f"no report page: {error}")


def _digest(checkpoint: Checkpoint) -> str:
    """Return a digest of a net: its architecture and weights, whatever file they came from."""
    tensors = sorted(checkpoint.weights.items())
    weights = [(name, digest_of_bytes(tensor.contiguous().numpy().tobytes())) for name, tensor in tensors]
    return digest_of(checkpoint.spec, checkpoint.input_level_dbfs, weights)
