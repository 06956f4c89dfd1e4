"""Scores a simulated net: SI-SDR against true sources, and agreement with the float net.

Agreement is the SI-SDR of the rounded output with the float output as reference, in dB: its inverse is the
rounding noise in the output relative to the signal. Noises of many borders, each small, add up; SI-SDRs do not.
A source that the float net itself leaves 20 dB or more below the loudest of its window does not count there: the
other source covers it, and noise relative to nearly nothing says nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from tasnet2hef.audio.metrics import score_sources
from tasnet2hef.audio.samples import Samples
from tasnet2hef.quantize.calibration.evaluation_set import EvaluationClip, EvaluationWindow
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.speech_windows import separate_clips
from tasnet2hef.runtime.stream.streamer import make_streamer

LARGEST_DB: Final = 100.0
AUDIBLE_DB: Final = 20.0
"""Distance to the loudest source of a window from which a source does not count. Chosen, not measured."""


@dataclass(frozen=True)
class Score:
    """``noise`` is relative to the float output's power; ``si_sdr_db`` is None without true sources."""

    noise: float
    si_sdr_db: float | None

    @property
    def agreement_db(self) -> float:
        """SI-SDR against the float output, at most 100 dB."""
        return float(min(-10 * np.log10(max(self.noise, 1e-30)), LARGEST_DB))

    @property
    def figure_db(self) -> float:
        """SI-SDR where true sources are known, else agreement with the float net."""
        return self.agreement_db if self.si_sdr_db is None else self.si_sdr_db


class Scorer:
    """Windows to score on, and the float net's sources of each."""

    def __init__(self, windows: Sequence[EvaluationWindow], reference: Backend) -> None:
        self.windows = windows
        self.float_sources = [separate_clips(reference, window.mixture[None])[0] for window in windows]

    @property
    def left_out(self) -> int:
        """Sources of single windows that do not count, being far below the loudest."""
        return sum(int((~audible(sources)).sum()) for sources in self.float_sources)

    @property
    def has_references(self) -> bool:
        """Whether true sources are known."""
        return self.windows[0].references is not None

    def score(self, backend: Backend) -> Score:
        """Run all windows and score them."""
        noises, figures = [], []
        for window, expected in zip(self.windows, self.float_sources, strict=True):
            sources = separate_clips(backend, window.mixture[None])[0]
            noises.append(relative_noise(expected, sources))
            if window.references is not None:
                figures.append(_si_sdr_db(window.references, sources, window.mixture))
        return Score(float(np.mean(noises)), float(np.mean(figures)) if figures else None)


def score_clips(backend: Backend, clips: Sequence[EvaluationClip]) -> float | None:
    """Return the mean SI-SDR of whole clips, separated as `separate` does; None without true sources."""
    figures = []
    for clip in clips:
        if clip.references is None:
            return None
        stream = make_streamer(backend)
        sources = np.concatenate([stream.feed(clip.mixture), stream.flush()], axis=1)
        figures.append(_si_sdr_db(clip.references, sources, clip.mixture))
    return float(np.mean(figures))


def audible(sources: Samples) -> NDArray[np.bool_]:
    """Tell which of ``[source, sample]`` are less than 20 dB below the loudest; none of silence.

    >>> audible(np.array([[1.0, 1.0], [0.2, 0.2], [0.05, 0.05]], np.float32))
    array([ True,  True, False])
    """
    power = np.square(sources, dtype=np.float64).sum(axis=1)
    heard: NDArray[np.bool_] = power > max(power.max() * 10 ** (-AUDIBLE_DB / 10), 0.0)
    return heard


def relative_noise(expected: Samples, actual: Samples) -> float:
    """Return the power of ``actual`` minus scaled ``expected``, relative to the latter: mean of `audible` sources.

    >>> relative_noise(np.array([[1.0, 0.0]], np.float32), np.array([[2.0, 0.5]], np.float32))
    0.0625
    """
    noises = []
    heard = audible(expected)
    pairs = zip(expected[heard].astype(np.float64), actual[heard].astype(np.float64), strict=True)
    for truth, estimate in pairs:
        energy = _product(truth, truth)
        gain = _product(truth, estimate) / energy
        rest = estimate - gain * truth
        noises.append(_product(rest, rest) / max(gain**2 * energy, 1e-30))
    return float(np.mean(noises)) if noises else 0.0


def _product(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return a sum of products; not by ``@``, whose last digits depend on how many threads a process has."""
    return float(np.sum(one * other))


def _si_sdr_db(references: Samples, sources: Samples, mixture: NDArray[np.float32]) -> float:
    return float(np.mean(score_sources(references, sources, mixture).si_sdr_db))
