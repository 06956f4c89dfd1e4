"""Levels a live stream for a net: follows the speech level, and reverts the gain after the net.

A file's level is known before it is separated; that of a stream has to be followed. Power is averaged over the
frames that hold speech with a time constant of 2 s (a plain mean up to 2 s of speech), and the gain of a frame
depends on earlier frames only, so that the result does not depend on how the stream is cut into blocks.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from tasnet2hef.audio.level import FRAME_SECONDS, LARGEST_GAIN_DB, PAUSE_DB
from tasnet2hef.audio.samples import Samples

TIME_CONSTANT_SECONDS: Final = 2.0
LOUDEST_FALLS_DB_PER_SECOND: Final = 3.0
"""How fast the peak level decays, down to the speech level: after a door slams, speech must not count as a pause.
Speech that drops by more than 35 dB at once counts as a pause."""


class RunningLevel:
    """Follows the level of a stream; the gain of a sample depends on the frames before its own.

    >>> gains = RunningLevel(-40.0, 8000).gains(np.full(400, 0.1, np.float32))
    >>> [round(float(gain), 3) for gain in gains[[0, 159, 160, 399]]]
    [1.0, 1.0, 0.1, 0.1]
    """

    def __init__(self, level_dbfs: float, sample_rate_hz: int) -> None:
        self._level_dbfs = level_dbfs
        self._size = max(1, round(FRAME_SECONDS * sample_rate_hz))
        self._averaged_frames = TIME_CONSTANT_SECONDS / FRAME_SECONDS
        self._decay = 10 ** (-LOUDEST_FALLS_DB_PER_SECOND * FRAME_SECONDS / 10)
        self._power = self._loudest = 0.0
        self._frames = 0
        """Frames of speech up to here."""
        self._energy, self._samples = 0.0, 0
        """Of the frame that is not complete yet."""

    def gains(self, samples: Samples) -> Samples:
        """Return the gains ``[sample]`` of the next samples."""
        gains = np.empty(len(samples), np.float32)
        done = 0
        while done < len(samples):
            taken = min(self._size - self._samples, len(samples) - done)
            gains[done : done + taken] = self._gain()
            self._energy += float(np.square(samples[done : done + taken], dtype=np.float64).sum())
            self._samples += taken
            done += taken
            if self._samples == self._size:
                self._end_frame()
        return gains

    def _gain(self) -> float:
        if not self._frames:
            return 1.0
        gain_db = self._level_dbfs - 10 * np.log10(max(self._power, 1e-20))
        return float(10 ** (np.clip(gain_db, -LARGEST_GAIN_DB, LARGEST_GAIN_DB) / 20))

    def _end_frame(self) -> None:
        power = self._energy / self._size
        self._energy, self._samples = 0.0, 0
        self._loudest = max(power, self._loudest * self._decay, self._power)
        if power > 0 and power >= self._loudest * 10 ** (PAUSE_DB / 10):
            self._frames += 1
            self._power += (power - self._power) / min(self._frames, self._averaged_frames)


class StreamLeveller:
    """Levels a stream before a net and reverts the gain of the net's sources, whatever the net's lag.

    With ``level_dbfs`` None the stream is not changed.
    """

    def __init__(self, level_dbfs: float | None, sample_rate_hz: int) -> None:
        self._level = None if level_dbfs is None else RunningLevel(level_dbfs, sample_rate_hz)
        self._applied = np.zeros(0, np.float32)
        """Gains of the samples whose sources were not reverted yet."""

    def apply(self, samples: Samples) -> Samples:
        """Return the next samples ``[sample]`` at the net's level."""
        if self._level is None:
            return samples
        gains = self._level.gains(samples)
        self._applied = np.concatenate([self._applied, gains])
        return samples * gains

    def revert(self, sources: Samples) -> Samples:
        """Return the net's next sources ``[source, sample]`` at the stream's level."""
        if self._level is None:
            return sources
        ready = sources.shape[1]
        gains, self._applied = self._applied[:ready], self._applied[ready:]
        return sources / gains
