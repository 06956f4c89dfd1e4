"""Separates the channels of a microphone, block by block, at any rate; gaps take no computing time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from tasnet2hef.audio.running_gain import RunningGain
from tasnet2hef.audio.samples import Samples
from tasnet2hef.audio.stream_leveller import StreamLeveller
from tasnet2hef.audio.stream_resampler import StreamResampler
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.stream.column_mixer import ColumnMixer
from tasnet2hef.runtime.stream.halo import Halo

TIMES_KEPT = 10_000
"""Maximum number of hops whose times are kept for the percentiles, which bounds memory use."""


@dataclass(frozen=True, eq=False)
class LivePart:
    """A stretch of the output at the model's rate: as many samples of the mixture as of the sources."""

    mixture: Samples
    """``[channel, sample]``"""
    sources: Samples
    """``[channel, source, sample]``, scaled."""
    is_gap: bool = False
    """Silence in place of dropped input."""


class LiveSeparator:
    """Feeds each channel, a stream of its own, to one column of the net.

    Sample ``n`` of the output belongs to sample ``n`` of the input, gaps included.

    Raises:
        OptionError: see ``make_streamer``.
    """

    def __init__(
        self,
        backend: Backend,
        channels: int,
        capture_rate_hz: int,
        *,
        overlap: float | None = None,
        halo: Halo | None = None,
    ) -> None:
        spec = backend.contract.spec
        self._backend, self._overlap, self._halo = backend, overlap, halo
        self._channels, self._capture_rate_hz = channels, capture_rate_hz
        self.rate_hz, self.n_src = spec.sample_rate, spec.n_src
        self._gains = [RunningGain(spec.n_src, spec.sample_rate) for _ in range(channels)]
        self._captured_samples = 0
        self._emitted_samples = 0
        self.windows = 0
        """Number of windows computed, over all channels."""
        self.real_time_factors: deque[float] = deque(maxlen=TIMES_KEPT)
        """Computing time of a hop, all channels together, over its length; of the last hops."""
        self._begin()

    def _begin(self) -> None:
        self._to_model = StreamResampler(self._channels, self._capture_rate_hz, self.rate_hz)
        self._mixer = ColumnMixer(self._backend, self._channels, overlap=self._overlap, halo=self._halo)
        level_dbfs = self._backend.contract.input_level_dbfs
        self._levellers = [StreamLeveller(level_dbfs, self.rate_hz) for _ in range(self._channels)]
        self._waiting = np.zeros((self._channels, 0), np.float32)
        """The mixture ``[channel, sample]`` whose sources are not ready yet."""

    @property
    def hop_seconds(self) -> float:
        """Seconds from one window to the next."""
        return self._mixer.streamer.hop_samples / self.rate_hz

    @property
    def lag_seconds(self) -> float:
        """Maximum delay from a sample to its sources, in seconds, without computing time."""
        return self._mixer.streamer.lag_samples / self.rate_hz

    @property
    def is_exact(self) -> bool:
        """Whether the output equals inference on the whole stream at once; not if the speech level is tracked."""
        return self._mixer.streamer.is_exact and self._backend.contract.input_level_dbfs is None

    @property
    def factors(self) -> tuple[tuple[float, ...], ...]:
        """Current gain of each channel's sources."""
        return tuple(gain.factors for gain in self._gains)

    def feed(self, block: Samples) -> LivePart:
        """Take ``[channel, sample]`` at the microphone's rate; return the output that is ready."""
        self._captured_samples += block.shape[1]
        return self._advance(self._to_model.feed(block))

    def skip(self, samples: int) -> Iterator[LivePart]:
        """Yield the output for ``samples`` dropped samples: silence.

        After a gap longer than the lag the net starts anew, and so does the order of its sources.
        """
        if samples <= self.lag_seconds * self._capture_rate_hz:
            yield self.feed(np.zeros((self._channels, samples), np.float32))
            return
        yield self.flush()
        self._begin()
        self._captured_samples += samples
        while missing := self._due_samples() - self._emitted_samples:
            count = min(missing, self.rate_hz)
            self._emitted_samples += count
            silence = np.zeros((self._channels, self.n_src, count), np.float32)
            yield LivePart(silence[:, 0], silence, is_gap=True)

    def flush(self) -> LivePart:
        """End the stream: return the rest of the output."""
        last = self._advance(self._to_model.flush())
        with self._timing():
            ready = self._mixer.flush()
        rest = self._scaled(ready)
        return LivePart(
            np.concatenate([last.mixture, rest.mixture], axis=1),
            np.concatenate([last.sources, rest.sources], axis=2),
        )

    def _due_samples(self) -> int:
        return round(self._captured_samples * self.rate_hz / self._capture_rate_hz)

    def _advance(self, mixture: Samples) -> LivePart:
        self._waiting = np.concatenate([self._waiting, mixture], axis=1)
        levelled = [leveller.apply(channel) for leveller, channel in zip(self._levellers, mixture, strict=True)]
        with self._timing():
            ready = self._mixer.feed(levelled)
        return self._scaled(ready)

    @contextmanager
    def _timing(self) -> Iterator[None]:
        """Add the real-time factor of the windows that are computed inside."""
        before, start = self._mixer.windows, time.perf_counter()
        yield
        computed = self._mixer.windows - before
        if computed:
            self.windows += computed
            hops = computed / self._channels
            self.real_time_factors.append((time.perf_counter() - start) / (hops * self.hop_seconds))

    def _scaled(self, ready: Sequence[Samples]) -> LivePart:
        count = ready[0].shape[1]
        mixture, self._waiting = self._waiting[:, :count], self._waiting[:, count:]
        self._emitted_samples += count
        unlevelled = [leveller.revert(sources) for leveller, sources in zip(self._levellers, ready, strict=True)]
        scaled = [gain.apply(*pair) for gain, *pair in zip(self._gains, mixture, unlevelled, strict=True)]
        return LivePart(mixture, np.stack(scaled))
