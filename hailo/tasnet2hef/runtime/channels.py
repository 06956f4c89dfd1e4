"""Separates the channels of a recording in memory, at any rate."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from tasnet2hef.audio.files import resample
from tasnet2hef.audio.gain import Gain, mixture_gain
from tasnet2hef.audio.level import levelling_gain
from tasnet2hef.audio.samples import Samples
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.stream.halo import Halo
from tasnet2hef.runtime.stream.source_order import align_order
from tasnet2hef.runtime.stream.streamer import Streamer, make_streamer


class Progress(Protocol):
    """Told how far the work is, once per window; the last call has both numbers equal."""

    def __call__(self, done_seconds: float, total_seconds: float, /) -> None:
        """Take the seconds of audio done and in all; channels kept apart count one after the other."""


@dataclass(frozen=True, eq=False)
class Separated:
    """Sources ``[source, channel, sample]`` at the recording's rate, and how they came about."""

    sources: Samples
    gain: Gain
    windows: int
    """Windows that were computed."""
    seconds: float
    """Processing time."""
    is_exact: bool
    """The sources are those of inference on the whole file at once."""


def separate_samples(
    backend: Backend,
    mixture: Samples,
    sample_rate_hz: int,
    *,
    overlap: float | None = None,
    halo: Halo | None = None,
    raw_scale: bool = False,
    progress: Progress | None = None,
) -> Separated:
    """Separate ``[channel, sample]``, each channel on its own.

    Later channels take the source order of the first, and all channels share the gain of a source, so that a
    source keeps its place in a stereo image. A net made for one level of speech gets it, over the whole recording,
    and the sources are brought back. ``overlap`` and ``halo``: see ``make_streamer``.
    """
    started = time.perf_counter()
    model_rate_hz = backend.contract.spec.sample_rate
    heard = resample(mixture, sample_rate_hz, model_rate_hz)
    streams = [make_streamer(backend, overlap=overlap, halo=halo) for _ in heard]
    level = levelling_gain(heard.reshape(-1), model_rate_hz, backend.contract.input_level_dbfs)
    ready = [
        _separate_channel(stream, samples, _Track(index, len(heard), model_rate_hz, progress))
        for index, (stream, samples) in enumerate(zip(streams, heard * np.float32(level), strict=True))
    ]
    sources = np.stack([_in_order_of(ready[0], channel) for channel in ready], axis=1) / np.float32(level)
    gain = _gain(heard, sources, raw_scale=raw_scale)
    scaled = sources * np.array(gain.factors, np.float32)[:, None, None]
    length = mixture.shape[1]
    at_rate = np.stack([resample(source, model_rate_hz, sample_rate_hz, length) for source in scaled])
    windows = sum(stream.windows for stream in streams)
    return Separated(at_rate, gain, windows, time.perf_counter() - started, streams[0].is_exact)


@dataclass(frozen=True)
class _Track:
    """Tells the progress of one channel among ``channels``."""

    channel: int
    channels: int
    sample_rate_hz: int
    progress: Progress | None

    def tell(self, done: int, total: int) -> None:
        if self.progress is not None:
            samples = self.channel * total + done
            self.progress(samples / self.sample_rate_hz, self.channels * total / self.sample_rate_hz)


def _separate_channel(stream: Streamer, samples: Samples, track: _Track) -> Samples:
    """Stream one channel ``[sample]`` through the net, a hop at a time; return ``[source, sample]``."""
    ready: list[Samples] = []
    done = 0
    for start in range(0, len(samples), stream.hop_samples):
        ready.append(stream.feed(samples[start : start + stream.hop_samples]))
        done += ready[-1].shape[1]
        track.tell(done, len(samples))
    ready.append(stream.flush())
    track.tell(len(samples), len(samples))
    return np.concatenate(ready, axis=1)


def _in_order_of(first: Samples, channel: Samples) -> Samples:
    return channel[list(align_order(first, channel, tuple(range(len(channel)))))]


def _gain(heard: Samples, sources: Samples, *, raw_scale: bool) -> Gain:
    """Find one gain per source over all channels: ``[channel, sample]``, ``[source, channel, sample]``."""
    if raw_scale:
        return Gain((1.0,) * len(sources))
    return mixture_gain(heard.reshape(-1), sources.reshape(len(sources), -1))
