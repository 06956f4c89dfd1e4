"""Replaces the norms of a checkpoint, from file to file: ``freeze_file`` and ``distil_file``."""

from __future__ import annotations

import time
from contextlib import nullcontext
from dataclasses import asdict
from pathlib import Path
from typing import Final

import torch

from tasnet2hef.base.errors import OptionError, RefusedError
from tasnet2hef.base.files import require_writable
from tasnet2hef.base.marks import Mark
from tasnet2hef.base.outputs import Output, require_outputs, require_own_folder
from tasnet2hef.base.progress import Progress, no_progress
from tasnet2hef.base.supervise.lock import LOCK_NAME, locked
from tasnet2hef.model.checkpoint import load_checkpoint
from tasnet2hef.model.checkpoint.checkpoint import digest_of_weights
from tasnet2hef.model.checkpoint.load import files_of
from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.train.dataset import INPUT_LEVEL_DBFS, Dataset, read_dataset
from tasnet2hef.train.evaluator import Evaluator
from tasnet2hef.train.freeze import freeze
from tasnet2hef.train.log import LOG_FILE, logged
from tasnet2hef.train.loop import MODEL_FILE, STATE_FILE, Plan, Run, TrainingProgress, no_training_progress, train
from tasnet2hef.train.noise import add_noise
from tasnet2hef.train.norm_report import LEAST_IMPROVEMENT_DB, NormReport, costs_of
from tasnet2hef.train.objective import DistillationObjective
from tasnet2hef.train.options import DistilOptions, FreezeOptions, SpeechOptions
from tasnet2hef.train.processes import is_first_process
from tasnet2hef.train.saving import load_network, save_atomically, serialize
from tasnet2hef.train.student import make_student

RUN_SUFFIX: Final = ".training"
"""Ending of the folder of a training, beside its result."""


def freeze_file(
    checkpoint: str,
    folder: Path,
    output: Path,
    options: FreezeOptions,
    speech_options: SpeechOptions,
    progress: Progress = no_progress,
    *,
    dataset: Dataset | None = None,
    force: bool = False,
) -> NormReport:
    """Write ``checkpoint`` with constants in place of its norms' statistics, and measure the loss.

    The same checkpoint, speech and options make the same file. ``force`` replaces a file of another run.
    ``dataset`` is the speech where it was read already, and found to be such as the original separates.

    Raises:
        CheckpointError: it can't be read, or its norms are constants already and their edges are to be kept.
        AudioError: the speech can't be used.
        OptionError: an option is out of range, or ``output`` can't be written.
        RefusedError: the original does not separate this speech.
    """
    started = time.perf_counter()
    require_writable(output)
    original = _load(checkpoint, speech_options)
    mark = _require_output("freeze", checkpoint, original, folder, output, force=force)
    if dataset is None:
        dataset = _read(folder, original, speech_options)
        require_separation(original, dataset, folder, speech_options)
    student = freeze(original, torch.from_numpy(dataset.freezing_mixtures(options.clips)), options.edges)
    return _finish(original, student, dataset, output, speech_options, started, mark, progress=progress)


def distil_file(
    checkpoint: str,
    folder: Path,
    output: Path,
    options: DistilOptions,
    speech_options: SpeechOptions,
    progress: TrainingProgress = no_training_progress,
    *,
    force: bool = False,
) -> NormReport:
    """Train a student of ``checkpoint`` whose norms stream, and measure it; an interrupted run is resumed.

    The run is kept beside ``output``, in ``NAME.training/``: state, best student so far, ``log.csv``. A lock keeps
    a second run out of it. ``force`` replaces a file of another run.

    Raises:
        CheckpointError, AudioError, OptionError: see :func:`freeze_file`; or the folder holds another run.
        RefusedError: the loss is not a number, or the original does not separate this speech.
    """
    started = time.perf_counter()
    if output.suffix == RUN_SUFFIX:
        raise OptionError(
            f"{output}: found the ending {RUN_SUFFIX}, which the run's folder has; give another, such as .pth"
        )
    require_writable(output)
    original = _load(checkpoint, speech_options)
    mark = _require_output("distil", checkpoint, original, folder, output, force=force)
    original = original.to(options.device)
    options.variant.spec(original.spec)
    run_folder = output.with_suffix(RUN_SUFFIX)
    require_own_folder(run_folder, "a training", (STATE_FILE, LOG_FILE, LOCK_NAME), force=force)
    dataset = _read(folder, original, speech_options)
    require_separation(original, dataset, folder, speech_options)
    with locked(run_folder) if is_first_process() else nullcontext():
        return _distil(original, folder, dataset, output, options, speech_options, progress, mark, started)


def _distil(
    original: ReferenceTasNet,
    folder: Path,
    dataset: Dataset,
    output: Path,
    options: DistilOptions,
    speech_options: SpeechOptions,
    progress: TrainingProgress,
    mark: Mark,
    started: float,
) -> NormReport:
    """Train in the run's locked folder, and measure."""
    run_folder = output.with_suffix(RUN_SUFFIX)
    if options.fresh:
        for name in (STATE_FILE, MODEL_FILE, LOG_FILE):
            (run_folder / name).unlink(missing_ok=True)
    run = start_run(original, dataset, options, str(folder.resolve()))
    run.load(run_folder)
    evaluator = Evaluator(dataset.validation, original, dataset.has_sources)
    truth = options.truth if dataset.has_sources else 0.0
    if options.noise_bits is not None:
        add_noise(run.net, options.noise_bits)
    train(
        run,
        dataset.training,
        run_folder,
        evaluator.score_db,
        logged(run_folder / LOG_FILE, run.step, progress),
        options.minutes * 60,
        DistillationObjective(original, options.steps, truth),
    )
    best = run_folder / MODEL_FILE
    student = load_network(best) if best.exists() else run.average
    return _finish(original, student.to(options.device), dataset, output, speech_options, started, mark, run)


def _require_output(
    command: str, checkpoint: str, original: ReferenceTasNet, folder: Path, output: Path, *, force: bool
) -> Mark:
    """Check that the result can be written; return its mark."""
    weights = original.state_dict()
    mark = Mark.of(command, digest_of_weights(weights))
    size_bytes = sum(4 * tensor.numel() for tensor in weights.values())
    require_outputs([Output(output, mark, size_bytes)], [*files_of(checkpoint), folder], force=force)
    return mark


def require_separation(original: ReferenceTasNet, dataset: Dataset, folder: Path, options: SpeechOptions) -> None:
    """Check on the held-out mixtures that the original separates them: what it doesn't do can't be kept.

    Raises:
        RefusedError: it improves them by less than 1 dB, and ``options.any_data`` is not set.
    """
    if options.any_data or not dataset.has_sources:
        return
    gained_db = separation_db(original, dataset)
    if gained_db < LEAST_IMPROVEMENT_DB:
        raise RefusedError(
            f"{folder}: found an SI-SDR improvement of {gained_db:.2f} dB by the original itself on mixtures of "
            f"this speech, expected at least {LEAST_IMPROVEMENT_DB:.0f} dB: they are not like those of its "
            f"training, and what is fitted to them can't be judged "
            f"({'; '.join(dataset.notes) or 'existing mixtures'}); "
            "give speech of different voices, like the training's, or go on with --any-data"
        )


def separation_db(original: ReferenceTasNet, dataset: Dataset) -> float:
    """Return by how much the original improves the SI-SDR of all held-out mixtures, whose sources are known.

    Of few files the validation has one, which a net that separates may fail on.
    """
    return Evaluator((*dataset.validation, *dataset.test), original, has_sources=True).score_db(original)


def _load(checkpoint: str, options: SpeechOptions) -> ReferenceTasNet:
    net = load_checkpoint(checkpoint, options.settings, assume=options.assume).reference()
    if net.spec.audio_channels > 1:
        raise OptionError(
            f"{checkpoint}: found a net over {net.spec.audio_channels} channels, expected one channel: mixtures "
            "are made of single voices"
        )
    return net


def start_run(original: ReferenceTasNet, dataset: Dataset, options: DistilOptions, folder: str) -> Run:
    """Return the run that trains a student; its identity must be equal in a resumed run."""
    torch.manual_seed(options.seed)
    mixtures = torch.from_numpy(dataset.freezing_mixtures(FreezeOptions.clips)).to(options.device)
    student = make_student(original, options.variant, mixtures)
    identity = {
        "original": digest_of_weights(original.state_dict())[:16],
        "speech": folder,
        "truth": options.truth,
        "noise_bits": options.noise_bits,
        **{f"student_{name}": value for name, value in asdict(options.variant).items()},
    }
    return Run(_plan(options), student, identity)


def _plan(options: DistilOptions) -> Plan:
    return Plan(
        steps=options.steps,
        batch=options.batch,
        peak_rate=options.rate,
        validate_every=options.validate_every,
        patience=options.patience,
        seed=options.seed,
        device=options.device,
        compiled=options.compiled,
    )


def _read(folder: Path, original: ReferenceTasNet, options: SpeechOptions) -> Dataset:
    counts = (options.validation_clips, options.test_clips)
    return read_dataset(
        folder,
        original.spec,
        seconds=options.seconds,
        clips=counts,
        most_hours=options.hours,
        speakers=options.speakers,
    )


def _finish(
    original: ReferenceTasNet,
    student: ReferenceTasNet,
    dataset: Dataset,
    output: Path,
    options: SpeechOptions,
    started: float,
    mark: Mark,
    run: Run | None = None,
    progress: Progress = no_progress,
) -> NormReport:
    """Measure on the test mixtures, and write the checkpoint."""
    has_fitted_norms = run is not None or set(original.spec.norms) != {"bN"}
    input_level_dbfs = INPUT_LEVEL_DBFS if has_fitted_norms and student.spec.norm_type == "bN" else None
    evaluator = Evaluator(dataset.test, original, dataset.has_sources)
    levels = evaluator.by_level(student, input_level_dbfs, progress)
    as_mixed = next(
        level for level in levels if level.dbfs == INPUT_LEVEL_DBFS
    )  # the level of the clips themselves
    save_atomically(serialize(student, input_level_dbfs), output, mark.text)
    return NormReport(
        path=output,
        spec=student.spec,
        original_spec=original.spec,
        has_sources=dataset.has_sources,
        original_db=as_mixed.original,
        result_db=as_mixed.result,
        levels=levels,
        costs=costs_of(student.cpu(), options.hardware),
        original_costs=costs_of(original.cpu(), options.hardware),
        seconds=time.perf_counter() - started,
        steps=0 if run is None else run.step,
        notes=dataset.notes,
    )
