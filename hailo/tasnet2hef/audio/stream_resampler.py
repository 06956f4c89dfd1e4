"""Changes the rate of a stream, block by block, with the delay of its filter alone.

A low pass of windowed sinc form (Kaiser's window), sampled at the phases at which the outputs fall between the
inputs. soxr, which changes the rate of files, works in blocks: 80 to 176 ms for each change between 8 kHz and the
rates of sound cards (soxr 1.1.0, HQ), where this filter needs 8.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from tasnet2hef.audio.samples import Samples

REACH: Final = 64
"""Half of the filter, in samples of the lower rate: 8 ms at 8 kHz."""
CUTOFF: Final = 0.955
"""Middle of the transition, in parts of the lower Nyquist frequency; it spans 0.91 to 1, as soxr's HQ does."""
STOPBAND_DB: Final = 90.0
_BETA: Final = 0.1102 * (STOPBAND_DB - 8.7)
"""Kaiser's formula for the window's shape (Oppenheim and Schafer, Discrete-Time Signal Processing, 7.6)."""


class StreamResampler:
    """Streams ``[channel, sample]`` to another rate; with equal rates samples pass unchanged.

    The outputs, joined, do not depend on how the stream is cut into blocks. Output ``n`` lies at ``n / to_hz``
    seconds, input ``n`` at ``n / from_hz``; there are as many outputs as begin before the stream's end.
    """

    def __init__(self, channels: int, from_hz: int, to_hz: int) -> None:
        common = math.gcd(from_hz, to_hz)
        self._up, self._down = to_hz // common, from_hz // common
        self._changes = from_hz != to_hz
        self._reach = math.ceil(REACH * max(1.0, from_hz / to_hz))
        """Inputs on each side of an output that it depends on."""
        self._phases = _phases(self._up, self._reach, min(1.0, to_hz / from_hz)) if self._changes else None
        self._waiting = np.zeros((channels, self._reach - 1), np.float32)
        """Inputs that later outputs depend on, the first of them before the stream's begin."""
        self._taken = self._given = 0

    @property
    def delay_inputs(self) -> int:
        """Inputs that an output waits for after its own time."""
        return self._reach if self._changes else 0

    def feed(self, samples: Samples) -> Samples:
        """Take ``[channel, sample]``, any number of them; return what is ready."""
        self._taken += samples.shape[1]
        return self._change(samples, until=(self._taken - self._reach) * self._up) if self._changes else samples

    def flush(self) -> Samples:
        """End the stream: return the rest."""
        silence = np.zeros((len(self._waiting), self._reach + 1), np.float32)
        return self._change(silence, until=self._taken * self._up) if self._changes else silence[:, :0]

    def _change(self, samples: Samples, until: int) -> Samples:
        """Return the outputs that begin before ``until``, in steps of the common multiple of both rates."""
        waiting = np.concatenate([self._waiting, samples], axis=1)
        numbers = np.arange(self._given, max(self._given, -(-until // self._down)))
        inputs, phases = np.divmod(numbers * self._down, self._up)
        first = self._given * self._down // self._up
        self._given += len(numbers)
        kept = self._given * self._down // self._up - first
        self._waiting = waiting[:, kept:]
        if not len(numbers):
            return np.zeros((len(samples), 0), np.float32)
        assert self._phases is not None
        weights = self._phases[phases]
        windows = (sliding_window_view(channel, 2 * self._reach)[inputs - first] for channel in waiting)
        return np.stack([np.einsum("ot,ot->o", window, weights) for window in windows]).astype(np.float32)


def resampling_lag_seconds(from_hz: int, to_hz: int) -> float:
    """Return the delay of resampling, in seconds of audio: half of the filter's length.

    >>> round(1000 * resampling_lag_seconds(44100, 8000), 1)
    8.0
    """
    return StreamResampler(1, from_hz, to_hz).delay_inputs / from_hz


def _phases(phases: int, reach: int, factor: float) -> Samples:
    """Return the filter ``[phase, tap]``: weights of the ``2 * reach`` inputs around an output, for every place of
    an output between two inputs. ``factor`` is the share of the inputs' rate that the outputs have, at most 1.
    """
    taps = np.arange(2 * reach) - (reach - 1)
    distance = taps[None] - np.arange(phases)[:, None] / phases
    window = np.i0(_BETA * np.sqrt(np.maximum(0.0, 1 - np.square(distance / reach))))
    weights = np.sinc(CUTOFF * factor * distance) * window
    normal: Samples = (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
    return normal
