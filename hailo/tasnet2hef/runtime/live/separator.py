"""Separates what microphones hear, block by block, at any rate; gaps take no computing time."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tasnet2hef.audio.level_keeper import LevelKeeper
from tasnet2hef.audio.rate_change import RateChange
from tasnet2hef.audio.running_gain import RunningGain
from tasnet2hef.audio.samples import Samples
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.stream.column_mixer import ColumnMixer
from tasnet2hef.runtime.stream.halo import Halo

TIMES_KEPT = 10_000
"""Windows whose times are kept for the percentiles; more would grow without end."""


@dataclass(frozen=True, eq=False)
class LivePart:
    """What is ready, at the model's rate: as many samples of what was heard as of the sources."""

    heard: Samples
    """``[channel, sample]``"""
    sources: Samples
    """``[channel, source, sample]``, scaled."""
    is_gap: bool = False
    """Silence that stands for input that was dropped."""


class LiveSeparator:
    """Feeds each channel, a stream of its own, to one column of the net.

    Sample ``n`` of what comes out is sample ``n`` of what went in, gaps included.

    Raises:
        OptionError: see ``make_streamer``.
    """

    def __init__(
        self,
        backend: Backend,
        channels: int,
        heard_rate_hz: int,
        *,
        overlap: float | None = None,
        halo: Halo | None = None,
    ) -> None:
        spec = backend.contract.spec
        self._backend, self._overlap, self._halo = backend, overlap, halo
        self._channels, self._heard_rate_hz = channels, heard_rate_hz
        self.rate_hz, self.n_src = spec.sample_rate, spec.n_src
        self._gains = [RunningGain(spec.n_src, spec.sample_rate) for _ in range(channels)]
        self._heard_samples = 0
        self._emitted_samples = 0
        self.windows = 0
        """Windows that were computed, over all channels."""
        self.real_time_factors: deque[float] = deque(maxlen=TIMES_KEPT)
        """Computing time of a hop, all channels together, over its length; of the last hops."""
        self._begin()

    def _begin(self) -> None:
        self._to_model = RateChange(self._channels, self._heard_rate_hz, self.rate_hz)
        self._mixer = ColumnMixer(self._backend, self._channels, overlap=self._overlap, halo=self._halo)
        level_dbfs = self._backend.contract.input_level_dbfs
        self._levels = [LevelKeeper(level_dbfs, self.rate_hz) for _ in range(self._channels)]
        self._waiting = np.zeros((self._channels, 0), np.float32)
        """Heard ``[channel, sample]`` whose sources are not ready yet."""

    @property
    def hop_seconds(self) -> float:
        """Seconds from one window to the next."""
        return self._mixer.streamer.hop_samples / self.rate_hz

    @property
    def lag_seconds(self) -> float:
        """Most seconds that must follow a sample before it comes out."""
        return self._mixer.streamer.lag_samples / self.rate_hz

    @property
    def is_exact(self) -> bool:
        """Whether what comes out equals inference on the whole stream at once; not where a level is followed."""
        return self._mixer.streamer.is_exact and self._backend.contract.input_level_dbfs is None

    @property
    def factors(self) -> tuple[tuple[float, ...], ...]:
        """Gain of each channel's sources as they are now."""
        return tuple(gain.factors for gain in self._gains)

    def feed(self, block: Samples) -> LivePart:
        """Take ``[channel, sample]`` at the microphones' rate; return what is ready."""
        self._heard_samples += block.shape[1]
        return self._advance(self._to_model.feed(block))

    def skip(self, samples: int) -> Iterator[LivePart]:
        """Take ``samples`` dropped samples: silence.

        Past the lag the net begins anew, and so does the order of its sources.
        """
        if samples <= self.lag_seconds * self._heard_rate_hz:
            yield self.feed(np.zeros((self._channels, samples), np.float32))
            return
        yield self.flush()
        self._begin()
        self._heard_samples += samples
        while missing := self._due_samples() - self._emitted_samples:
            count = min(missing, self.rate_hz)
            self._emitted_samples += count
            silence = np.zeros((self._channels, self.n_src, count), np.float32)
            yield LivePart(silence[:, 0], silence, is_gap=True)

    def flush(self) -> LivePart:
        """End the stream: return all that is still held."""
        held = self._advance(self._to_model.flush())
        rest = self._scaled(self._timed(self._mixer.flush))
        return LivePart(
            np.concatenate([held.heard, rest.heard], axis=1), np.concatenate([held.sources, rest.sources], axis=2)
        )

    def _due_samples(self) -> int:
        return round(self._heard_samples * self.rate_hz / self._heard_rate_hz)

    def _advance(self, heard: Samples) -> LivePart:
        self._waiting = np.concatenate([self._waiting, heard], axis=1)
        levelled = [level.apply(channel) for level, channel in zip(self._levels, heard, strict=True)]
        return self._scaled(self._timed(lambda: self._mixer.feed(levelled)))

    def _timed(self, work: Callable[[], list[Samples]]) -> list[Samples]:
        before, start = self._mixer.windows, time.perf_counter()
        ready = work()
        computed = self._mixer.windows - before
        if computed:
            self.windows += computed
            hops = computed / self._channels
            self.real_time_factors.append((time.perf_counter() - start) / (hops * self.hop_seconds))
        return ready

    def _scaled(self, ready: Sequence[Samples]) -> LivePart:
        count = ready[0].shape[1]
        heard, self._waiting = self._waiting[:, :count], self._waiting[:, count:]
        self._emitted_samples += count
        back = [level.take_back(sources) for level, sources in zip(self._levels, ready, strict=True)]
        scaled = [gain.apply(*pair) for gain, *pair in zip(self._gains, heard, back, strict=True)]
        return LivePart(heard, np.stack(scaled))
