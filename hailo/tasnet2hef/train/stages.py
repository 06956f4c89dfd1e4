"""The two stages from file to file: ``freeze_file`` and ``distil_file``."""

from __future__ import annotations

import hashlib
import math
import shutil
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import require_writable, written_beside
from tasnet2hef.model.checkpoint import load_checkpoint
from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.target.known import load_chip
from tasnet2hef.train.evaluator import Judge
from tasnet2hef.train.freeze import freeze
from tasnet2hef.train.log import logged
from tasnet2hef.train.loop import MODEL_FILE, Plan, Report, Run, train
from tasnet2hef.train.noise import add_noise
from tasnet2hef.train.norm_report import NormReport, costs_of
from tasnet2hef.train.objective import Imitation
from tasnet2hef.train.saving import load_network, serialize
from tasnet2hef.train.speech import INPUT_LEVEL_DBFS, LearningSpeech, read_speech
from tasnet2hef.train.student import Variant, make_student

FREEZE_CLIPS = 64


@dataclass(frozen=True, kw_only=True)
class SpeechOptions:
    """How much speech is read and held back, and what a checkpoint does not say."""

    seconds: float = 4.0
    """Length of a clip; norms over the clip were trained with clips of some length."""
    hours: float = 10.0
    """Most speech that is read into memory."""
    test_clips: int = 60
    validation_clips: int = 24
    hardware: str = "hailo8"
    settings: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse what can't be honoured."""
        for name in ("seconds", "hours", "test_clips", "validation_clips"):
            if not 0 < getattr(self, name) < math.inf:
                raise OptionError(f"{name.replace('_', '-')}: found {getattr(self, name)}, expected more than 0")
        load_chip(self.hardware)


@dataclass(frozen=True, kw_only=True)
class DistilOptions:
    """How a student is made and trained."""

    variant: Variant = field(default_factory=Variant)
    steps: int = 20_000
    batch: int = 4
    rate: float = 3e-4
    truth: float = 0.0
    noise_bits: int | None = None
    validate_every: int = 250
    patience: int | None = 20
    seed: int = 1
    device: str = "cpu"
    compiled: bool = False
    minutes: float = math.inf
    fresh: bool = False

    def __post_init__(self) -> None:
        """Refuse what can't be honoured."""
        if not 0 <= self.truth <= 1:
            raise OptionError(f"truth: found {self.truth}, expected a weight from 0 to 1")
        if self.noise_bits is not None and not 2 <= self.noise_bits <= 16:
            raise OptionError(f"noise-bits: found {self.noise_bits}, expected 2 to 16")
        for name in ("steps", "batch", "rate", "validate_every", "minutes"):
            if not getattr(self, name) > 0:
                raise OptionError(f"{name.replace('_', '-')}: found {getattr(self, name)}, expected more than 0")
        require_device(self.device)

    @property
    def plan(self) -> Plan:
        """Return the training loop's part."""
        return Plan(
            steps=self.steps,
            batch=self.batch,
            peak_rate=self.rate,
            validate_every=self.validate_every,
            patience=self.patience,
            seed=self.seed,
            device=self.device,
            compiled=self.compiled,
        )


def require_device(name: str) -> None:
    """Check that torch knows and has a device.

    Raises:
        OptionError: it does not.
    """
    try:
        torch.zeros(1, device=name)
    except (RuntimeError, AssertionError) as error:  # AssertionError: a torch without CUDA
        reason = str(error).splitlines()[0]
        raise OptionError(f"device: found {name!r}, which torch can't use ({reason}); give cpu or cuda") from error


def freeze_file(
    checkpoint: str,
    folder: Path,
    output: Path,
    options: SpeechOptions,
    *,
    edges: str = "moved",
    clips: int = FREEZE_CLIPS,
) -> NormReport:
    """Write ``checkpoint`` with constants in place of its norms' statistics, and measure what that costs.

    Raises:
        CheckpointError: it can't be read, or its norms are constants already and their edges are to be kept.
        AudioError: the speech can't be used.
        OptionError: an option, or the place to write.
    """
    started = time.perf_counter()
    require_writable(output)
    original = load_checkpoint(checkpoint, options.settings).reference()
    speech = _read(folder, original, options)
    student = freeze(original, torch.from_numpy(speech.to_freeze(clips)), edges)
    return _finish(original, student, speech, output, options, started)


def distil_file(
    checkpoint: str,
    folder: Path,
    output: Path,
    options: DistilOptions,
    speech_options: SpeechOptions,
    report: Report = lambda *_: None,
) -> NormReport:
    """Train a student of ``checkpoint`` whose norms stream, and measure it; a run that was cut is taken up.

    The run lies beside ``output``, in ``NAME.training/``: state, best student so far, ``log.csv``.

    Raises:
        CheckpointError, AudioError, OptionError: see :func:`freeze_file`; the folder holds another run.
        RefusedError: the loss is not a number.
    """
    started = time.perf_counter()
    require_writable(output)
    original = load_checkpoint(checkpoint, speech_options.settings).reference().to(options.device)
    options.variant.spec(original.spec)
    speech = _read(folder, original, speech_options)
    work = output.with_suffix(".training")
    if options.fresh:
        shutil.rmtree(work, ignore_errors=True)
    run = start_run(original, speech, options, str(folder.resolve()))
    run.load(work)
    validation = Judge(speech.validation, original, speech.has_sources)
    truth = options.truth if speech.has_sources else 0.0
    if options.noise_bits is not None:
        add_noise(run.net, options.noise_bits)
    train(
        run,
        speech.train,
        work,
        validation.score_db,
        logged(work / "log.csv", run.step, report),
        options.minutes * 60,
        Imitation(original, options.steps, truth),
    )
    best = work / MODEL_FILE
    student = load_network(best) if best.exists() else run.average
    return _finish(original, student.to(options.device), speech, output, speech_options, started, run)


def start_run(original: ReferenceTasNet, speech: LearningSpeech, options: DistilOptions, folder: str) -> Run:
    """Make the student and the run that trains it; what the run depends on goes into its identity."""
    torch.manual_seed(options.seed)
    mixtures = torch.from_numpy(speech.to_freeze(FREEZE_CLIPS)).to(options.device)
    student = make_student(original, options.variant, mixtures)
    digest = hashlib.sha256(b"".join(tensor.cpu().numpy().tobytes() for tensor in original.state_dict().values()))
    identity = {
        "original": digest.hexdigest()[:16],
        "speech": folder,
        "truth": options.truth,
        "noise_bits": options.noise_bits,
        **{f"student_{name}": value for name, value in asdict(options.variant).items()},
    }
    return Run(options.plan, student, identity)


def _read(folder: Path, original: ReferenceTasNet, options: SpeechOptions) -> LearningSpeech:
    counts = (options.validation_clips, options.test_clips)
    return read_speech(folder, original.spec, seconds=options.seconds, clips=counts, most_hours=options.hours)


def _finish(
    original: ReferenceTasNet,
    student: ReferenceTasNet,
    speech: LearningSpeech,
    output: Path,
    options: SpeechOptions,
    started: float,
    run: Run | None = None,
) -> NormReport:
    """Measure on the test mixtures, and write the checkpoint."""
    was_fitted = run is not None or original.spec.norm_type != "bN"
    level = INPUT_LEVEL_DBFS if was_fitted and student.spec.norm_type == "bN" else None
    judge = Judge(speech.test, original, speech.has_sources)
    levels = judge.by_level(student, level)
    as_mixed = next(each for each in levels if each.dbfs == INPUT_LEVEL_DBFS)  # the level of the clips themselves
    with written_beside(output) as temporary:
        torch.save(serialize(student, level), temporary)
    return NormReport(
        path=output,
        spec=student.spec,
        original_spec=original.spec,
        has_sources=speech.has_sources,
        original_db=as_mixed.original,
        result_db=as_mixed.result,
        levels=levels,
        costs=costs_of(student.cpu(), options.hardware),
        original_costs=costs_of(original.cpu(), options.hardware),
        seconds=time.perf_counter() - started,
        steps=0 if run is None else run.step,
        notes=speech.notes,
    )
