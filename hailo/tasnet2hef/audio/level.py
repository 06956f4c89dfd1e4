"""Measures the speech level, and levels speech for a net with constant norms.

A net with gLN or cLN is independent of the level; constants in place of its statistics fit one level only. So the
host scales the mixture to ``GraphContract.input_level_dbfs`` before the net and reverts the gain after it. The
level is that of the speech: frames far below the loudest are pauses and do not count, so that it does not depend
on how much of a recording is silent.
"""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left, bisect_right
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
_AROUND_FRAMES: Final = round(AROUND_SECONDS / FRAME_SECONDS)
_LOUDEST_FRAMES: Final = round(LOUDEST_SECONDS / FRAME_SECONDS)
_REACH: Final = _AROUND_FRAMES + _LOUDEST_FRAMES
"""Frames on each side of one that its level depends on."""


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


class RecordedLevel:
    """The level of a recording, read block by block, and the gains that keep its speech at ``level_dbfs``.

    The level is that of the second around a frame, weighted by Hann's window: a passage 10 dB lower is separated
    like the others (demo student: 9.0 dB SI-SDR; 6.3 with one gain for the whole file, 20 dB lower 7.8 and -0.1),
    and a recording of one level as before (9.0 dB). Pauses, 35 dB below the loudest frame of the seconds around
    them, take the gain of the speech beside them. All channels share the gains.

    Call ``add()`` with all blocks, ``end()``, then ``gains()``. Of the recording it keeps 12 bytes for each 20 ms.
    """

    def __init__(self, level_dbfs: float, sample_rate_hz: int) -> None:
        self._level_dbfs = level_dbfs
        self._size = max(1, round(FRAME_SECONDS * sample_rate_hz))
        self._rest: Samples | None = None
        """Samples ``[channel, sample]`` of the frame that is not complete yet."""
        self._power = np.zeros(0)
        """Mean squares of the frames from ``_first`` on."""
        self._first = self._done = 0
        """Frames before ``_done`` have been judged."""
        self._known, self._level = array("l"), array("d")
        """Frames with speech around them, and the mean square of that."""

    def add(self, samples: Samples) -> None:
        """Take the next ``[channel, sample]``."""
        self._rest = samples if self._rest is None else np.concatenate([self._rest, samples], axis=1)
        whole = self._rest.shape[1] // self._size * self._size
        self._add_frames(self._rest[:, :whole])
        self._rest = self._rest[:, whole:]
        self._judge(self._frames - _REACH)

    def end(self) -> None:
        """End the recording; silence completes its last frame."""
        if self._rest is not None and self._rest.shape[1]:
            self._add_frames(np.pad(self._rest, ((0, 0), (0, self._size - self._rest.shape[1]))))
        self._judge(self._frames)

    def gains(self, start: int, count: int) -> Samples:
        """Return the gains ``[sample]`` of ``count`` samples from ``start`` on."""
        if not count:
            return np.zeros(0, np.float32)
        first = max(0, math.floor(start / self._size - 0.5))
        last = min(self._frames - 1, math.floor((start + count - 1) / self._size + 0.5))
        frames = np.arange(first, last + 1)
        gains_db = self._level_dbfs - 10 * np.log10(np.maximum(self._levels(frames), 1e-20))
        factors = 10 ** (np.clip(gains_db, -LARGEST_GAIN_DB, LARGEST_GAIN_DB) / 20)
        centres = (frames + 0.5) * self._size
        gains: Samples = np.interp(np.arange(start, start + count), centres, factors).astype(np.float32)
        return gains

    @property
    def _frames(self) -> int:
        return self._first + len(self._power)

    def _levels(self, frames: npt.NDArray[np.int64]) -> _Powers:
        """Return the level of neighbouring frames; without speech, it lies between those of the nearest ones."""
        if not self._known:
            return np.zeros(len(frames))
        nearest = slice(
            max(0, bisect_right(self._known, int(frames[0])) - 1), bisect_left(self._known, int(frames[-1])) + 1
        )
        levels: _Powers = np.interp(frames, self._known[nearest], self._level[nearest])
        return levels

    def _add_frames(self, samples: Samples) -> None:
        frames = samples.reshape(len(samples), -1, self._size)
        self._power = np.concatenate([self._power, np.square(frames, dtype=np.float64).mean(axis=(0, 2))])

    def _judge(self, until: int) -> None:
        """Find which of the frames before ``until`` have speech around them, and its level."""
        if until <= self._done:
            return
        power = self._power
        speech = (power > 0) & (power >= _loudest_around(power) * 10 ** (PAUSE_DB / 10))
        window = np.hanning(2 * _AROUND_FRAMES + 1)
        energy, frames = _smoothed(np.where(speech, power, 0), window), _smoothed(speech.astype(float), window)
        judged = slice(self._done - self._first, until - self._first)
        known = np.flatnonzero(frames[judged] >= 0.5)
        self._known.extend((known + self._done).tolist())
        self._level.extend((energy[judged][known] / frames[judged][known]).tolist())
        self._done = until
        kept = max(0, until - _REACH)
        self._power, self._first = power[kept - self._first :], kept


def _loudest_around(power: _Powers) -> _Powers:
    around = sliding_window_view(np.pad(power, _LOUDEST_FRAMES), 2 * _LOUDEST_FRAMES + 1)
    loudest: _Powers = around.max(axis=1)
    return loudest


def _smoothed(values: _Powers, window: _Powers) -> _Powers:
    reach = len(window) // 2
    smoothed: _Powers = np.convolve(values, window)[reach : reach + len(values)]
    return smoothed
