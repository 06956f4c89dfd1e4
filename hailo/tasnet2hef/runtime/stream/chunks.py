"""Separates a stream chunk by chunk with a stateful graph of a causal net: the lag is one chunk.

Chunks of ``F`` frames start every ``F`` rows. The input overlaps by the ``m - 1`` rows that the last frame spans
beyond its own, and the output's last ``m - 1`` rows lack the next chunk's frames: they are added to the first rows
of the next chunk, which is the decoder's own overlap-add.
"""

from __future__ import annotations

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.runtime.backends import StepBackend
from tasnet2hef.runtime.stream.columns import WindowGenerator, require_finite


class ChunkStream:
    """Feeds a stateful graph; the result equals inference on the whole file, followed by silence, at once.

    Call ``feed()`` with any number of samples, then ``flush()`` once. The outputs, joined, have the length of the
    input; memory use does not grow.
    """

    is_exact = True

    def __init__(self, backend: StepBackend) -> None:
        self._backend = backend
        contract = backend.contract
        spec = contract.spec
        self._frames, self._stride = contract.window_frames, spec.stride
        self._rows = contract.rows
        self._span = (self._frames - 1) * spec.stride + spec.kernel_size
        """Samples that a chunk's frames span."""
        self._memory = backend.empty_memory()
        self._buffer = np.zeros(spec.encoder_padding, np.float32)
        """Input from the first row of the next chunk on, the original's padding included."""
        self._unwanted = spec.encoder_padding
        """Samples of the padding that are still to be cut from the output."""
        self._open_rows = np.full((spec.n_src, spec.phases - 1, spec.stride), contract.decoder_bias, np.float32)
        """Output rows that lack the next chunk's frames."""
        self._bias = contract.decoder_bias
        self._owed = 0
        """Samples of the input whose sources were not returned yet."""
        self.windows = 0
        """Number of chunks computed."""

    @property
    def hop_samples(self) -> int:
        """Samples from the start of a chunk to the start of the next."""
        return self._frames * self._stride

    @property
    def lag_samples(self) -> int:
        """Maximum number of samples, itself included, that a sample waits for until its sources are ready.

        That is one chunk.
        """
        return self._span

    @property
    def lag_ms(self) -> float:
        """The same in milliseconds: the listener's wait, without computing time."""
        return 1000 * self.lag_samples / self._backend.contract.spec.values_per_second

    def feed(self, samples: Samples) -> Samples:
        """Take ``[sample]``, any number of them; return the sources ``[source, sample]`` that are ready."""
        self._owed += len(samples)
        return self._take(samples)

    def flush(self) -> Samples:
        """End the stream: return the remaining sources ``[source, sample]``."""
        owed = self._owed
        return (
            self._take(np.zeros(owed + self._span, np.float32))[:, :owed] if owed else self._take(self._buffer[:0])
        )

    def feed_generator(self, samples: Samples) -> WindowGenerator:
        """Generator form of ``feed``; yields no windows, since chunks run with the stream's own memory."""
        yield from ()
        return self.feed(samples)

    def flush_generator(self) -> WindowGenerator:
        """Generator form of ``flush``; yields no windows."""
        yield from ()
        return self.flush()

    def _take(self, samples: Samples) -> Samples:
        self._buffer = np.concatenate([self._buffer, samples])
        ready = [np.zeros((len(self._open_rows), 0), np.float32)]
        while len(self._buffer) >= self._span and self._owed > 0:
            sources = self._step().reshape(len(self._open_rows), -1)[:, self._unwanted :]
            self._unwanted = max(0, self._unwanted - self.hop_samples)
            self._owed -= sources.shape[1]
            ready.append(sources)
        return np.concatenate(ready, axis=1)

    def _step(self) -> Samples:
        """Compute one chunk; return the rows ``[source, row, sample of the row]`` that are complete."""
        self.windows += 1
        window = np.zeros(self._rows * self._stride, np.float32)
        window[: self._span] = self._buffer[: self._span]
        frames = window.reshape(self._rows, self._stride)
        sources, self._memory = self._backend.run_step(frames, self._memory)
        require_finite(sources)
        sources[:, : self._open_rows.shape[1]] += self._open_rows - np.float32(self._bias)
        self._open_rows = sources[:, self._frames :]
        self._buffer = self._buffer[self.hop_samples :]
        return sources[:, : self._frames]
