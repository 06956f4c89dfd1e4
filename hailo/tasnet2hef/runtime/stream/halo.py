"""Separates a stream window by window and keeps of each only the part that its edges don't affect.

Where norms stream (folded or per frame), a frame depends on its neighbours within the receptive field alone. Let a
window have ``T`` frames, ``b`` of them before and ``a`` after the part that is kept: with ``b`` and ``a`` as wide
as the receptive field reaches, that part equals inference on the whole file at once. The net's own zero padding
applies where the file begins and ends: the first window begins with the file, the last one ends with its last
frame.

A row of the output is the sum of the ``m`` frames that end there (overlap-add), so rows ``b + m - 1`` to ``T - a``
of a window are kept, and windows start every ``T - a - b - m + 1`` rows. A narrower halo costs less, but the
edges then affect the result.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.stream.columns import WindowGenerator, run_generator
from tasnet2hef.runtime.stream.voice_tracks import VoiceTracks

Halo = Literal["full"] | float
"""``full``: the receptive field; a number: milliseconds on each side.

Measured on a bN net with random weights (253 frames of 2 ms, so 0.25 s a side; a trained net may depend on more),
windows of 2 s, against the whole file: 24 dB at 0 ms, 31 at 50, 45 at 100, 61 at 150, 81 at 200, 125 at full."""


@dataclass(frozen=True)
class HaloPlan:
    """Frames of a window that are computed only as context, and rows from window to window."""

    before_frames: int
    after_frames: int
    hop_rows: int
    is_full: bool
    """The halo covers the receptive field: the result is that of the whole file at once."""


def plan_halo(contract: GraphContract, halo: Halo) -> HaloPlan:
    """Split a window into the halo and the part that is kept; a causal net needs a halo before it only.

    Raises:
        OptionError: the norms span the whole window, or the halo is negative or leaves nothing of the window.
    """
    spec = contract.spec
    if contract.norm == "exact":
        raise OptionError(
            f"halo: the model's {spec.norm_type} norms span the whole window, so no halo makes it equal the "
            "whole file; use --overlap"
        )
    if halo != "full" and not 0 <= halo < float("inf"):
        raise OptionError(f"halo: found {halo} ms, expected full or 0 ms and more")
    reach = spec.receptive_field_frames - 1
    full = reach if spec.causal else reach // 2
    before = full if halo == "full" else min(full, round(halo * spec.values_per_second / 1000 / spec.stride))
    after = 0 if spec.causal else before
    hop = contract.window_frames - before - after - (spec.phases - 1)
    if hop < 1:
        raise OptionError(
            f"halo: found {before} frames before and {after} after, which leave nothing of a window of "
            f"{contract.window_frames} frames; export a longer window (--seconds) or give a halo in milliseconds"
        )
    # Where a clip is centred among its frames, they depend on its length, which a stream does not know.
    return HaloPlan(before, after, hop, before == full and spec.alignment != "centred")


class HaloStream:
    """Feeds a net window by window, like ``WindowStream``, without a cross-fade: each row has one window.

    Call ``feed()`` with any number of samples, then ``flush()`` once. The outputs, joined, have the length of the
    input; memory use does not grow. A clip shorter than one window is followed by silence, which affects a net
    that looks ahead up to half a receptive field before the end.

    Raises:
        OptionError: see :func:`plan_halo`.
    """

    def __init__(self, backend: Backend, halo: Halo = "full") -> None:
        self.plan = plan_halo(backend.contract, halo)
        self._backend = backend
        spec = backend.contract.spec
        self._stride, self._padding = spec.stride, spec.encoder_padding
        self._span = (backend.contract.window_frames - 1) * spec.stride + spec.kernel_size
        """Samples that a window's frames span."""
        self._buffer = np.zeros(self._padding, np.float32)
        """The padded clip from row ``_base`` on; rows count from the first sample of the padding."""
        self._base = 0
        """Row at which the last window started; 0 while there was none."""
        self._kept_rows = 0
        """Rows whose sources are final."""
        self._fed = 0
        self._voices = VoiceTracks(spec.n_src, spec.values_per_second)
        self._last: Samples | None = None
        """Sources ``[source, row, sample of the row]`` of the last window, in the order of the first."""
        self.windows = 0
        """Number of windows computed."""

    @property
    def hop_samples(self) -> int:
        """Samples from the start of a window to the start of the next."""
        return self.plan.hop_rows * self._stride

    @property
    def lag_samples(self) -> int:
        """Maximum number of samples, itself included, that a sample waits for until its sources are ready.

        The file's first sample waits for a whole window, without the padding. Later windows wait for a halo less,
        but a listener who started with the first sample keeps its delay.
        """
        plan, contract = self.plan, self._backend.contract
        halo = (plan.before_frames + contract.spec.phases - 1) * self._stride
        return self._span - min(self._padding, halo) + (contract.streams - 1) * self.hop_samples

    @property
    def lag_ms(self) -> float:
        """The same in milliseconds: the listener's wait, without computing time."""
        return 1000 * self.lag_samples / self._backend.contract.spec.values_per_second

    @property
    def is_exact(self) -> bool:
        """Whether the result equals inference on the whole file at once."""
        return self.plan.is_full

    def feed(self, samples: Samples) -> Samples:
        """Take ``[sample]``, any number of them; return the sources ``[source, sample]`` that are ready."""
        return run_generator(self._backend, self.feed_generator(samples))

    def flush(self) -> Samples:
        """End the stream: return the remaining sources ``[source, sample]``."""
        return run_generator(self._backend, self.flush_generator())

    def feed_generator(self, samples: Samples) -> WindowGenerator:
        """Generator form of ``feed``: yields windows, is sent their sources."""
        self._fed += len(samples)
        self._buffer = np.concatenate([self._buffer, samples])
        ready = [np.zeros((self._backend.contract.spec.n_src, 0), np.float32)]
        streams = self._backend.contract.streams
        while self._complete() >= streams:
            ready.append((yield from self._advance(streams)))
        return np.concatenate(ready, axis=1)

    def flush_generator(self) -> WindowGenerator:
        """Generator form of ``flush``: yields windows, is sent their sources."""
        contract = self._backend.contract
        spec = contract.spec
        missing = self._fed - self._out_samples()
        end = np.zeros(spec.clip_padding(self._fed)[1], np.float32)
        self._buffer = np.concatenate([self._buffer, end])
        ready = [(yield from self._advance(self._complete()))]
        frames = self._base + (len(self._buffer) - spec.kernel_size) // spec.stride + 1
        rows = frames + spec.phases - 1
        if frames > 0 and rows > self._kept_rows:
            seen = (frames - 1 - self._base) * spec.stride + spec.kernel_size
            self._buffer = self._buffer[:seen]  # no frame of the original spans the rest
            ready.append((yield from self._compute([max(0, frames - contract.window_frames)], [rows])))
        # The original returns zeros, or its decoder's bias, for a tail that is too short for a frame.
        ready.append(np.full((spec.n_src, missing), contract.decoder_bias, np.float32))
        return np.concatenate(ready, axis=1)[:, :missing]

    def _out_samples(self) -> int:
        return max(0, self._kept_rows * self._stride - self._padding)

    def _next_start(self) -> int:
        return 0 if self._last is None else self._base + self.plan.hop_rows

    def _complete(self) -> int:
        """Count the complete windows in the buffered input that were not computed yet."""
        available = len(self._buffer) - (self._next_start() - self._base) * self._stride
        return max(0, 1 + (available - self._span) // self.hop_samples)

    def _advance(self, count: int) -> WindowGenerator:
        """Compute the next ``count`` windows and return the sources ``[source, sample]`` that are kept."""
        starts = [self._next_start() + number * self.plan.hop_rows for number in range(count)]
        kept = self._backend.contract.window_frames - self.plan.after_frames
        return (yield from self._compute(starts, [start + kept for start in starts]))

    def _compute(self, starts: list[int], ends: list[int]) -> WindowGenerator:
        """Separate the windows that begin at rows ``starts``; return the new rows of each, up to rows ``ends``."""
        self.windows += len(starts)
        windows = (yield [self._window_from(start) for start in starts]) if starts else []
        ready = [np.zeros((self._backend.contract.spec.n_src, 0), np.float32)]
        for start, end, window in zip(starts, ends, windows, strict=True):
            sources = self._ordered(start, window)
            unwanted = max(0, self._padding - self._kept_rows * self._stride)
            new = sources[:, self._kept_rows - start : end - start]
            ready.append(new.reshape(len(new), -1)[:, unwanted:])
            self._buffer = self._buffer[(start - self._base) * self._stride :]
            self._base, self._last, self._kept_rows = start, sources, end
        return np.concatenate(ready, axis=1)

    def _window_from(self, start: int) -> Samples:
        """Cut a window's frames ``[row, sample of the row]`` from the buffered input, followed by silence."""
        contract = self._backend.contract
        samples = self._buffer[(start - self._base) * self._stride :][: self._span]
        if len(samples) == contract.rows * self._stride:
            return samples.reshape(contract.rows, self._stride)
        rows = np.zeros(contract.rows * self._stride, np.float32)
        rows[: len(samples)] = samples
        return rows.reshape(contract.rows, self._stride)

    def _ordered(self, start: int, window: Samples) -> Samples:
        """Put a window's sources in the order of the last one's; with a full halo they can't swap."""
        if self.is_exact:
            return window
        last, edge = None, self._backend.contract.spec.phases - 1
        if self._last is not None:
            overlap = self._last[:, start - self._base + edge : self._backend.contract.window_frames]
            last = overlap.reshape(len(overlap), -1)
        sources = window.reshape(len(window), -1)
        return self._voices.put_in_order(sources, last, edge * self._stride).reshape(window.shape)
