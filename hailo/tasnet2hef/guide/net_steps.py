"""The first steps: the model, the speech, and norms that can live on the chip."""

from __future__ import annotations

import dataclasses
from functools import cached_property, partial
from pathlib import Path
from typing import Final

from tasnet2hef.base.agreement import USABLE
from tasnet2hef.base.errors import AudioError
from tasnet2hef.base.progress import StepProgress
from tasnet2hef.base.text import counted
from tasnet2hef.guide.decisions import DISTIL, FREEZE, KEEP, decide_norms
from tasnet2hef.guide.estimates import audio_of_norms, seconds_per_second
from tasnet2hef.guide.gates import norm_gate, speech_gate
from tasnet2hef.guide.journal import Journal, digest_of
from tasnet2hef.guide.options import GoOptions
from tasnet2hef.guide.report import StepReport, minutes_in_words
from tasnet2hef.guide.speech import describe_speech, fingerprint, write_held_out
from tasnet2hef.model.checkpoint import Checkpoint, load_checkpoint
from tasnet2hef.model.checkpoint.checkpoint import digest_of_weights
from tasnet2hef.train.dataset import Dataset, read_dataset
from tasnet2hef.train.norm_report import NormReport
from tasnet2hef.train.replace_norms import distil_file, freeze_file, separation_db

WON_BACK: Final = 0.6
"""Share of the loss of frozen norms that training won back on the demo net: 0.54 dB became 0.21 dB."""
OTHER_SPEECH: Final = "OTHER_SPEECH/"
"""Stands for a folder of speech that the user has yet to find."""


class NetSteps:
    """What is known of the net and of the speech; ``checkpoint`` is the net that goes on the chip."""

    def __init__(self, options: GoOptions, journal: Journal) -> None:
        self.options, self.journal = options, journal
        self.original = load_checkpoint(options.checkpoint, options.speech.settings, assume=options.speech.assume)
        self.checkpoint = self.original
        self.decision = decide_norms(self.original.spec, distil=options.distil)

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
        return digest_of_net(self.original)

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

    def _judge_speech(self, _replace: bool) -> StepReport:
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
        told = f"{options.speech_folder}: {found}"
        return dataclasses.replace(step, files=files, notes=tuple(note for note in dataset.notes if note != told))

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
        step = self.journal.kept_or_done("norms", key, lambda force: self._replace_norms(path, progress, force))
        self.checkpoint = load_checkpoint(str(path))
        return step

    def _replace_norms(self, path: Path, progress: StepProgress, force: bool) -> StepReport:
        options = self.options
        if self.decision.choice == FREEZE:
            measuring = partial(progress, "freezing and measuring")
            measuring(0, 1)
            report = freeze_file(
                options.checkpoint,
                options.speech_folder,
                path,
                options.freezing,
                options.speech,
                measuring,
                dataset=self.dataset,
                force=force,
            )
            step = norm_gate(self.decision, report, options.command("--distil"), self._offer(report))
            return dataclasses.replace(
                step, notes=tuple(note for note in step.notes if note not in self.dataset.notes)
            )
        training = options.distilling
        report = distil_file(
            options.checkpoint,
            options.speech_folder,
            path,
            training,
            options.speech,
            lambda step, _loss, _score: progress("training", step, training.steps),
            force=force,
        )
        return norm_gate(self.decision, report, options.command(speech=OTHER_SPEECH))

    def _offer(self, report: NormReport) -> str:
        """Return what training instead would take and win."""
        pace = seconds_per_second(self.original.reference(), self.options.speech.seconds) / 60
        time_in_words = minutes_in_words(pace * audio_of_norms(DISTIL, self.options))
        lost_db = report.lost_db if report.has_sources else 0.0
        gain = f" and wins back about {WON_BACK * lost_db:.1f} dB" if lost_db >= 0.1 else ""
        return f"--distil trains for at most {time_in_words}{gain}"


def digest_of_net(checkpoint: Checkpoint) -> str:
    """Return a digest of a net: its architecture and weights, whatever file they came from."""
    return digest_of(checkpoint.spec, checkpoint.input_level_dbfs, digest_of_weights(checkpoint.weights))
