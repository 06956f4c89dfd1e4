"""Scores a prepared model on evaluation recordings: whole, layer by layer, and for the cheapest mix."""

from __future__ import annotations

import fnmatch
import hashlib
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from tasnet2hef.audio.level import rms_dbfs
from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import digest_of_file
from tasnet2hef.base.progress import StepProgress
from tasnet2hef.base.workers import Workers
from tasnet2hef.quantize.bench import Run
from tasnet2hef.quantize.calibration.calibration_set import CalibrationSet, short_digest
from tasnet2hef.quantize.calibration.evaluation_set import (
    EvaluationClip,
    EvaluationWindow,
    cut_windows,
    read_evaluation,
)
from tasnet2hef.quantize.layer_analysis import IN_FLOAT, LayerReport, analyse, static_reports
from tasnet2hef.quantize.measuring import Measuring
from tasnet2hef.quantize.number_format import A16_W16, MODES, Precision
from tasnet2hef.quantize.options import SimulationOptions
from tasnet2hef.quantize.precision_search import SearchResult, search
from tasnet2hef.quantize.score import Score, Scorer, score_clips
from tasnet2hef.quantize.search_state import SearchState
from tasnet2hef.quantize.simulator import Simulator
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.backends.frames import frames_to_sources, window_to_frames
from tasnet2hef.runtime.speech_windows import speech_clips


@dataclass(frozen=True, eq=False)
class Evaluation:
    """Recordings (none without an evaluation folder), the windows cut from them, and notes."""

    clips: Sequence[EvaluationClip]
    windows: Sequence[EvaluationWindow]
    notes: Sequence[str]


@dataclass(frozen=True, eq=False)
class ModelScores:
    """Layers, largest loss first; the search's result; each precision that is not 8 bits; the scores."""

    layers: Sequence[LayerReport]
    search: SearchResult | None
    precisions: Mapping[str, Precision]
    exact: Score
    int8: Score
    mixed: Score
    uncorrected: Score
    left_out: int = 0
    """Sources of single windows that do not count in the agreement, being far below the loudest."""


def choose_evaluation(
    folder: Path | None, calibration: CalibrationSet, simulator: Simulator, limit: int
) -> Evaluation:
    """Cut up to ``limit`` windows from an evaluation folder, or take calibration windows where there is none.

    A graph with a state is scored on streams: excerpts as long as calibration draws them, or the shipped speech.
    So is a chip part without a folder: its calibration set holds no audio.
    """
    if folder is None and simulator.contract.stateful:
        return _shipped_stream(calibration, simulator)
    if folder is None and simulator.contract.ends == "host":
        return _shipped_windows(calibration, simulator, limit)
    if folder is None:
        windows = _calibration_windows(calibration, simulator, limit)
        note = "no --eval: the figures are agreement with the float model on calibration windows, not SI-SDR"
        return Evaluation((), windows, [note])
    clips, notes = read_evaluation(folder, simulator.contract)
    return Evaluation(clips, cut_windows(clips, simulator.contract, limit), notes)


def score_model(
    simulator: Simulator,
    evaluation: Evaluation,
    state: SearchState,
    options: SimulationOptions,
    fixed: Mapping[str, Precision],
    progress: StepProgress,
    workers: Workers | None = None,
) -> ModelScores:
    """Score the net in float, at 8 bits and, unless ``options.quick``, layer by layer and at the best mix.

    Without ``workers`` all runs are scored in this process.
    """
    scorer = Scorer(evaluation.windows, simulator.float_backend())
    left_out = scorer.left_out
    with closing(Measuring(simulator, scorer, state, workers)) as measuring:
        whole = [IN_FLOAT, Run("mix", (), fixed), Run("uncorrected", (), fixed, correct_bias=False)]
        exact, int8, uncorrected = measuring.scores(whole)
        if options.quick:
            return ModelScores(static_reports(simulator), None, fixed, exact, int8, int8, uncorrected, left_out)
        layers = analyse(
            measuring,
            relieve=options.relieve,
            progress=lambda done, total: progress("one layer at a time", done, total),
        )
        result = search(
            measuring,
            layers,
            target_db=options.target_db,
            fixed=fixed,
            progress=lambda done, total: progress("searching the cheapest 16-bit layers", done, total),
        )
    chosen = {**fixed, **dict.fromkeys(result.chosen.layers, A16_W16)}
    return ModelScores(layers, result, chosen, exact, int8, result.chosen.score, uncorrected, left_out)


def score_recordings(
    backends: Sequence[Backend], clips: Sequence[EvaluationClip], progress: StepProgress
) -> list[float | None]:
    """Return the SI-SDR of whole recordings for each backend, None without recordings or true sources."""
    figures: list[float | None] = []
    for number, backend in enumerate(backends, start=1):
        figures.append(score_clips(backend, clips) if clips else None)
        progress("whole recordings", number, len(backends))
    return figures


def fixed_precisions(simulator: Simulator, wanted: Mapping[str, str]) -> dict[str, Precision]:
    """Return the precisions that the user set, by border; names may be globs.

    Raises:
        OptionError: a name or glob matches no layer; the message names the nearest one.
    """
    fixed = {}
    for pattern, mode in wanted.items():
        names = [border.layer for border in simulator.borders if fnmatch.fnmatch(border.layer, pattern)]
        if not names and any(mark in pattern for mark in "*?["):
            raise OptionError(f"--set {pattern}={mode}: matches none of {len(simulator.borders)} layers")
        for name in names or [simulator.border_of(pattern).layer]:
            fixed[name] = MODES[mode]
    return fixed


def state_key(model_digest: str, calibration: Path, evaluation: Evaluation, options: SimulationOptions) -> str:
    """Return the key of stored measurements: digests of the files and windows, and the settings that matter."""
    windows = hashlib.sha256(b"".join(window.mixture.tobytes() for window in evaluation.windows)).hexdigest()[:16]
    settings = repr(
        (replace(options.preparation, threads=None, any_data=False), sorted(options.precisions.items()))
    )
    return f"{short_digest(model_digest)} {short_digest(digest_of_file(calibration))} {windows} {settings}"


def seconds_per_window(backend: Backend, window: EvaluationWindow) -> float:
    """Return the time that one window (one chunk of a stream) takes, the better of two."""
    frames = window_to_frames(window.mixture[: backend.contract.window_samples], backend.contract)
    best = float("inf")
    for _ in range(2):
        started = time.perf_counter()
        backend.run(frames)
        best = min(best, time.perf_counter() - started)
    return best


def _shipped_stream(calibration: CalibrationSet, simulator: Simulator) -> Evaluation:
    """Return two receptive fields of the shipped speech at the level of the calibration's recordings."""
    (speech,) = speech_clips(simulator.contract, 1)
    speech = _at_level(speech, calibration)
    seconds = len(speech) / simulator.contract.spec.values_per_second
    note = (
        f"no --eval: the figures are agreement with the float model on a stream of {seconds:.2g} s of the "
        "shipped speech at the calibration's level, not SI-SDR"
    )
    return Evaluation((), [EvaluationWindow(speech, None)], [note])


def _shipped_windows(calibration: CalibrationSet, simulator: Simulator, limit: int) -> Evaluation:
    """Return windows of the shipped speech, together at the level of the calibration's recordings."""
    clips = _at_level(speech_clips(simulator.contract, limit), calibration)
    note = (
        f"no --eval: the figures are agreement with the float model on {len(clips)} windows of the shipped speech "
        "at the calibration's level, not SI-SDR"
    )
    return Evaluation((), [EvaluationWindow(clip, None) for clip in clips], [note])


def _at_level(speech: Samples, calibration: CalibrationSet) -> Samples:
    if calibration.metadata is None:
        return speech
    levelled: Samples = speech * np.float32(
        10 ** ((calibration.metadata.median_level_db - rms_dbfs(speech.ravel())) / 20)
    )
    return levelled


def _calibration_windows(calibration: CalibrationSet, simulator: Simulator, limit: int) -> list[EvaluationWindow]:
    """Return calibration windows as ``[sample]``, spread evenly over the set, silent ones left out."""
    count = min(limit, calibration.windows)
    wanted = set(np.linspace(0, calibration.windows - 1, count).round().astype(int).tolist())
    chosen = [frames for number, frames in enumerate(calibration.frames()) if number in wanted]
    windows = [frames_to_sources(frames[None], simulator.contract)[0] for frames in chosen]
    sounding = [EvaluationWindow(window, None) for window in windows if window.any()]
    if not sounding:
        raise OptionError(
            f"{calibration.path}: found silence only in {count} windows; give --eval, or calibrate again"
        )
    return sounding
