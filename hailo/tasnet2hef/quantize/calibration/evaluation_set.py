"""Evaluation recordings, with or without the true sources beside them.

A folder holds ``NAME_mixture.wav`` with ``NAME_source_1.wav`` and so on beside it (as many as the model has); any
rate, WAV or FLAC. Mixtures without sources, and any other recordings, are compared with the float model instead.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from tasnet2hef.audio.collection import MIXTURE, SOURCE, audio_files, sources_beside
from tasnet2hef.audio.files import Clip, channels_together, choose_channels, read_clip, resample
from tasnet2hef.audio.level import levelling_gain
from tasnet2hef.audio.samples import Samples, interleave
from tasnet2hef.base.errors import AudioError
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.base.spec import TasNetSpec
from tasnet2hef.quantize.calibration.stream_excerpt import excerpt_samples

ACTIVE_DB: Final = -40.0
"""A window counts only where each source is within 40 dB of its own level over the clip: silence has no SI-SDR."""


@dataclass(frozen=True, eq=False)
class EvaluationClip:
    """A mixture ``[sample]`` at the model's rate, and its sources ``[source, sample]`` where they are known."""

    path: Path
    mixture: Samples
    references: Samples | None


@dataclass(frozen=True, eq=False)
class EvaluationWindow:
    """One window of a clip: ``[sample]`` and ``[source, sample]``."""

    mixture: Samples
    references: Samples | None


def read_evaluation(folder: Path, contract: GraphContract) -> tuple[list[EvaluationClip], list[str]]:
    """Read all mixtures of a folder; return notes where references are missing.

    References are used only if every mixture has them: a mean over some of them would mislead.

    Raises:
        AudioError: there is no mixture, a recording can't be used, or sources differ in length from their mixture.
    """
    paths = _mixtures(folder)
    clips = [_levelled(_read(path, contract), contract) for path in paths]
    without = [clip.path.name for clip in clips if clip.references is None]
    if not without:
        return clips, []
    clips = [EvaluationClip(clip.path, clip.mixture, None) for clip in clips]
    return clips, [
        f"{len(without)} of {len(clips)} mixtures have no sources beside them ({without[0]}): the figures are "
        f"agreement with the float model, not SI-SDR; expected {paths[0].stem}{SOURCE}1.wav and so on"
    ]


def cut_windows(clips: Sequence[EvaluationClip], contract: GraphContract, limit: int) -> list[EvaluationWindow]:
    """Return up to ``limit`` windows, spread evenly over the clips, in which every source is active."""
    size = excerpt_samples(contract)
    windows = []
    for clip in clips:
        count = max(1, len(clip.mixture) // size)
        for start in range(0, count * size, size):
            window = _window(clip, start, size)
            if window.references is None or _active(window.references, clip.references):
                windows.append(window)
    windows = [window for window in windows if window.mixture.any()]
    if not windows:
        raise AudioError(
            f"{clips[0].path.parent}: found no window of {size / contract.spec.values_per_second:.1f} s in which "
            "every source is active; give other mixtures"
        )
    places = np.unique(np.linspace(0, len(windows) - 1, min(limit, len(windows))).round().astype(int))
    return [windows[place] for place in places]


def _mixtures(folder: Path) -> list[Path]:
    if not folder.is_dir():
        raise AudioError(f"{folder}: found no folder, expected one with NAME{MIXTURE}.wav files")
    paths = audio_files(folder)
    mixtures = [path for path in paths if path.stem.endswith(MIXTURE)]
    others = [path for path in paths if SOURCE not in path.stem]
    if not (mixtures or others):
        raise AudioError(
            f"{folder}: found no recordings, expected NAME{MIXTURE}.wav and NAME{SOURCE}1.wav and so on"
        )
    return mixtures or others


def _read(path: Path, contract: GraphContract) -> EvaluationClip:
    clip = read_clip(path)
    choose_channels(clip, "each")  # refuses silence
    mixture = _signal(clip, contract.spec)
    sources = sources_beside(path, contract.spec.n_src)
    if not sources:
        return EvaluationClip(path, mixture, None)
    references = []
    for source in sources:
        truth = read_clip(source)
        if (truth.length, truth.sample_rate_hz) != (clip.length, clip.sample_rate_hz):
            raise AudioError(
                f"{source}: found {truth.length} samples at {truth.sample_rate_hz} Hz, expected the mixture's "
                f"{clip.length} at {clip.sample_rate_hz} Hz; give both the same length and rate"
            )
        references.append(_signal(truth, contract.spec))
    return EvaluationClip(path, mixture, np.stack(references))


def _signal(clip: Clip, spec: TasNetSpec) -> Samples:
    """Return a recording as the model takes it, ``[sample]``: channels averaged, or interleaved."""
    if spec.audio_channels == 1:
        mono = clip.samples.mean(axis=0, keepdims=True, dtype=np.float64).astype(np.float32)
        signal: Samples = resample(mono, clip.sample_rate_hz, spec.sample_rate)[0]
        return signal
    together = channels_together(clip, "mix", spec.audio_channels)
    return interleave(resample(together, clip.sample_rate_hz, spec.sample_rate))


def _levelled(clip: EvaluationClip, contract: GraphContract) -> EvaluationClip:
    """Bring a clip to the level that the net expects, as separation does."""
    gain = np.float32(levelling_gain(clip.mixture, contract.spec.values_per_second, contract.input_level_dbfs))
    references = None if clip.references is None else clip.references * gain
    return EvaluationClip(clip.path, clip.mixture * gain, references)


def _window(clip: EvaluationClip, start: int, size: int) -> EvaluationWindow:
    """Cut a window; a clip shorter than a window is repeated, as in separation."""
    if len(clip.mixture) < size:
        repeated = None
        if clip.references is not None:
            repeated = np.stack([np.resize(source, size) for source in clip.references])
        return EvaluationWindow(np.resize(clip.mixture, size), repeated)
    references = None if clip.references is None else clip.references[:, start : start + size]
    return EvaluationWindow(clip.mixture[start : start + size], references)


def _active(window: Samples, whole: Samples | None) -> bool:
    if whole is None:
        return True
    power, typical = np.mean(window**2, axis=1), np.mean(whole**2, axis=1)
    return bool((power > 10 ** (ACTIVE_DB / 10) * np.maximum(typical, 1e-12)).all())
