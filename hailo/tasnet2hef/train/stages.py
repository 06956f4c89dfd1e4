"""From file to file: ``freeze_file`` and ``distil_file``."""

from __future__ import annotations

import hashlib
import shutil
import time
from dataclasses import asdict
from pathlib import Path

import torch

from tasnet2hef.base.files import require_place, written_beside
from tasnet2hef.model.checkpoint import load_checkpoint
from tasnet2hef.model.network.reference import ReferenceTasNet
from tasnet2hef.train.evaluator import Judge
from tasnet2hef.train.freeze import freeze
from tasnet2hef.train.log import logged
from tasnet2hef.train.loop import MODEL_FILE, Plan, Report, Run, train
from tasnet2hef.train.noise import add_noise
from tasnet2hef.train.norm_report import NormReport, costs_of
from tasnet2hef.train.objective import Imitation
from tasnet2hef.train.options import DistilOptions, FreezeOptions, SpeechOptions
from tasnet2hef.train.saving import load_network, serialize
from tasnet2hef.train.speech import INPUT_LEVEL_DBFS, LearningSpeech, read_speech
from tasnet2hef.train.student import make_student


def freeze_file(
    checkpoint: str,
    folder: Path,
    output: Path,
    options: FreezeOptions,
    speech_options: SpeechOptions,
) -> NormReport:
    """Write ``checkpoint`` with constants in place of its norms' statistics, and measure what that costs.

    Raises:
        CheckpointError: it can't be read, or its norms are constants already and their edges are to be kept.
        AudioError: the speech can't be used.
        OptionError: an option, or the place to write.
    """
    started = time.perf_counter()
    require_place(output)
    original = load_checkpoint(checkpoint, speech_options.settings).reference()
    speech = _read(folder, original, speech_options)
    student = freeze(original, torch.from_numpy(speech.to_freeze(options.clips)), options.edges)
    return _finish(original, student, speech, output, speech_options, started)


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
    require_place(output)
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
    mixtures = torch.from_numpy(speech.to_freeze(FreezeOptions.clips)).to(options.device)
    student = make_student(original, options.variant, mixtures)
    digest = hashlib.sha256(b"".join(tensor.cpu().numpy().tobytes() for tensor in original.state_dict().values()))
    identity = {
        "original": digest.hexdigest()[:16],
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
