"""Measures the speech level, and levels speech for a net with constant norms.

A net with gLN or cLN is independent of the level; constants in place of its statistics fit one level only. So the
host scales the mixture to ``GraphContract.input_level_dbfs`` before the net and reverts the gain after it. The
level is that of the speech: frames far below the loudest are pauses and do not count, so that it does not depend
on how much of a recording is silent.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tasnet2hef.audio.samples import Samples

FRAME_SECONDS: Final = 0.02
PAUSE_DB: Final = -35.0
"""A frame this far below the loudest one is a pause."""
LARGEST_GAIN_DB: Final = 50.0
"""Quieter speech counts as silence and gets no more gain. Chosen, not measured."""


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
