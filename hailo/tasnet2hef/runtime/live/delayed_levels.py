"""Source levels, delayed by the output latency."""

from __future__ import annotations

import threading
from collections import deque
from typing import Final

import numpy as np

from tasnet2hef.runtime.live.separator import LivePart

STEP_SECONDS: Final = 0.1
FLOOR_DBFS: Final = -99.0
Levels = tuple[float, ...]


class DelayedLevels:
    """RMS level of each source in dBFS, in steps of 0.1 s, mean over the channels; keeps ``steps`` at most."""

    def __init__(self, n_src: int, rate_hz: int, steps: int) -> None:
        self._rate_hz = rate_hz
        self._at: deque[tuple[float, Levels]] = deque(maxlen=max(steps, 2))
        self._now: Levels = (FLOOR_DBFS,) * n_src
        self._lock = threading.Lock()

    def add(self, part: LivePart, begin_seconds: float) -> None:
        """Add the levels of a part that is played ``begin_seconds`` after the start."""
        step = max(1, round(STEP_SECONDS * self._rate_hz))
        with self._lock:
            for start in range(0, part.sources.shape[2], step):
                power = np.square(part.sources[:, :, start : start + step]).mean(axis=(0, 2), dtype=np.float64)
                self._at.append((begin_seconds + start / self._rate_hz, power_dbfs(power)))

    def at(self, seconds: float) -> Levels:
        """Return the levels of the sound that is played ``seconds`` after the start."""
        with self._lock:
            while self._at and self._at[0][0] <= seconds:
                self._now = self._at.popleft()[1]
        return self._now


def power_dbfs(power: np.ndarray) -> Levels:
    """Return mean squares in dBFS, -99 at least.

    >>> power_dbfs(np.array([1.0, 0.01, 0.0]))
    (0.0, -20.0, -99.0)
    """
    floor = 10 ** (FLOOR_DBFS / 10)
    return tuple(round(float(each), 9) for each in 10 * np.log10(np.maximum(power, floor)))
