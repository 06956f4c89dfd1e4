"""Changes the rate of a stream, block by block."""

from __future__ import annotations

from typing import Any

import numpy as np

from tasnet2hef.audio.samples import Samples

_PROBE_BLOCKS = 200


class StreamResampler:
    """Streams ``[channel, sample]`` to another rate with soxr's default quality (HQ, linear phase).

    The outputs, joined, equal resampling the whole stream at once. With equal rates samples pass unchanged.
    """

    def __init__(self, channels: int, from_hz: int, to_hz: int) -> None:
        self._channels = channels
        self._from_hz, self._to_hz = from_hz, to_hz
        self._stream: Any = None
        if from_hz != to_hz:
            import soxr

            self._stream = soxr.ResampleStream(from_hz, to_hz, channels, dtype="float32")

    def feed(self, samples: Samples) -> Samples:
        """Take ``[channel, sample]``, any number of them; return what is ready."""
        return samples if self._stream is None else self._change(samples, last=False)

    def flush(self) -> Samples:
        """End the stream: return the rest."""
        nothing = np.zeros((self._channels, 0), np.float32)
        return nothing if self._stream is None else self._change(nothing, last=True)

    def _change(self, samples: Samples, *, last: bool) -> Samples:
        rows = samples.T.copy(order="C")
        changed: Samples = self._stream.resample_chunk(rows[:, 0] if self._channels == 1 else rows, last=last)
        return np.ascontiguousarray(changed.reshape(-1, self._channels).T)


def resampling_lag_seconds(from_hz: int, to_hz: int) -> float:
    """Return the maximum delay of resampling, in seconds of audio, measured on silence."""
    if from_hz == to_hz:
        return 0.0
    resampler, block = StreamResampler(1, from_hz, to_hz), np.zeros((1, max(1, from_hz // 100)), np.float32)
    longest, ready = 0.0, 0
    for number in range(1, _PROBE_BLOCKS + 1):
        ready += resampler.feed(block).shape[1]
        longest = max(longest, number * block.shape[1] / from_hz - ready / to_hz)
    return longest
