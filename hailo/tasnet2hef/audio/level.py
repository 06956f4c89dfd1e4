"""Measures the speech level, and levels speech for a net with constant norms.

A net with gLN or cLN is independent of the level; constants in place of its statistics fit one level only. So the
host scales the mixture to ``GraphContract.input_level_dbfs`` before the net and reverts the gain after it. The
level is that of the speech: frames far below the loudest are pauses and do not count, so that it does not depend
on how much of a recording is silent.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt
from numpy.lib.stride_tricks import sliding_window_view

from tasnet2hef.audio.samples import Samples

_Powers = npt.NDArray[np.float64]

FRAME_SECONDS: Final = 0.02
PAUSE_DB: Final = -35.0
"""A frame this far below the loudest one is a pause."""
LARGEST_GAIN_DB: Final = 50.0
"""Quieter speech counts as silence and gets no more gain. Chosen, not measured."""
AROUND_SECONDS: Final = 0.5
"""Reach of the level that a recording's speech has at one place; 0.3 to 1.5 s were within 0.3 dB SI-SDR."""
LOUDEST_SECONDS: Final = 3.0
"""Reach in which a frame is compared with the loudest, to tell pauses from quiet speech."""


def rms_dbfs(samples: Samples) -> float:
    """Return the RMS level of ``[sample]`` in dBFS, at least -200.

    >>> round(rms_dbfs(np.full(8, 0.1, np.float32)), 3)
    -20.0
    """
    return float(10 * np.log10(max(float(np.mean(np.square(samples, dtype=np.float64))), 1e-20)))


def speech_level_dbfs(samples: Samples, sample_rate_hz: int) -> float:
    """Return the RMS level of the frames of ``[sample]`` that hold speech, in dBFS, at least -200.

    >>> tone = np.full(8000, 0.1, np.float32)
    >>> round(speech_level_dbfs(np.concatenate([tone, 0 * tone]), 8000), 3)
    -20.0
    """
    size = max(1, round(FRAME_SECONDS * sample_rate_hz))
    whole = samples[: max(len(samples) // size, 1) * size]
    frames = whole.reshape(-1, size) if len(whole) >= size else whole[None]
    power = np.square(frames, dtype=np.float64).mean(axis=1) if whole.size else np.zeros(1)
    speech = power[power >= power.max() * 10 ** (PAUSE_DB / 10)]
    return float(10 * np.log10(max(float(speech.mean()), 1e-20)))


def levelling_gain(samples: Samples, sample_rate_hz: int, level_dbfs: float | None) -> float:
    """Return the factor that brings ``[sample]`` to a speech level, at most 50 dB either way; 1 for None.

    >>> levelling_gain(np.full(8000, 0.1, np.float32), 8000, -40.0)
    0.1
    """
    if level_dbfs is None:
        return 1.0
    gain_db = level_dbfs - speech_level_dbfs(samples, sample_rate_hz)
    return float(round(10 ** (np.clip(gain_db, -LARGEST_GAIN_DB, LARGEST_GAIN_DB) / 20), 6))


def levelling_gains(samples: Samples, sample_rate_hz: int, level_dbfs: float | None) -> Samples:
    """Return the gains ``[sample]`` that keep the speech of a recording ``[channel, sample]`` at a level.

    The level is that of the second around a frame, weighted by Hann's window: a passage 10 dB lower is separated
    like the others (demo student: 9.0 dB SI-SDR; 6.3 with one gain for the whole file, 20 dB lower 7.8 and -0.1),
    and a recording of one level as before (9.0 dB). Pauses, 35 dB below the loudest frame of the seconds around
    them, take the gain of the speech beside them. All channels share the gains; 1 for None.
    """
    length = samples.shape[1]
    if level_dbfs is None or not length:
        return np.ones(length, np.float32)
    size = max(1, round(FRAME_SECONDS * sample_rate_hz))
    count = -(-length // size)
    padded = np.pad(samples, ((0, 0), (0, count * size - length)))
    power = np.square(padded.reshape(len(samples), count, size), dtype=np.float64).mean(axis=(0, 2))
    speech = (power > 0) & (power >= _loudest_around(power) * 10 ** (PAUSE_DB / 10))
    window = np.hanning(2 * round(AROUND_SECONDS / FRAME_SECONDS) + 1)
    energy, frames = _smoothed(np.where(speech, power, 0), window), _smoothed(speech.astype(float), window)
    known = np.flatnonzero(frames >= 0.5)
    level = np.interp(np.arange(count), known, energy[known] / frames[known]) if len(known) else power
    gains_db = np.clip(level_dbfs - 10 * np.log10(np.maximum(level, 1e-20)), -LARGEST_GAIN_DB, LARGEST_GAIN_DB)
    centres = (np.arange(count) + 0.5) * size
    gains: Samples = np.interp(np.arange(length), centres, 10 ** (gains_db / 20)).astype(np.float32)
    return gains


def _loudest_around(power: _Powers) -> _Powers:
    reach = round(LOUDEST_SECONDS / FRAME_SECONDS)
    loudest: _Powers = sliding_window_view(np.pad(power, reach), 2 * reach + 1).max(axis=1)
    return loudest


def _smoothed(values: _Powers, window: _Powers) -> _Powers:
    reach = len(window) // 2
    smoothed: _Powers = np.convolve(values, window)[reach : reach + len(values)]
    return smoothed
