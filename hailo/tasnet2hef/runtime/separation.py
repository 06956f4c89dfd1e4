"""Separates a mixture of any length block by block: memory use does not depend on the length.

A mixture is read twice. What depends on all of it, its length and the level of its speech, is found first. Then
the net separates it, and its sources are held on disk at the model's rate, since their gain and the order of later
channels are known only at the end.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from tasnet2hef.audio.files import resampled_blocks
from tasnet2hef.audio.gain import Gain, MixtureSums
from tasnet2hef.audio.level import RecordedLevel
from tasnet2hef.audio.samples import Samples, deinterleave, inner_products, interleave
from tasnet2hef.audio.spool import Spool
from tasnet2hef.base.errors import DeviceRunError
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.base.progress import Progress, no_progress
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.stream.halo import Halo
from tasnet2hef.runtime.stream.source_order import Order, order_by_agreement
from tasnet2hef.runtime.stream.streamer import Streamer, make_streamer


@dataclass(frozen=True)
class Mixture:
    """What is separated: ``blocks`` gives ``[channel, sample]`` from the start, each time that it is called."""

    blocks: Callable[[], Iterable[Samples]]
    channels: int
    sample_rate_hz: int
    promised_length: int
    """Samples per channel, as far as they are known before they were read: for the progress alone."""


@dataclass(frozen=True, eq=False)
class Survey:
    """What depends on the whole mixture."""

    length: int
    """Samples per channel."""
    level: RecordedLevel | None
    """None for a net that takes any level."""
    seconds: float
    """Processing time."""


@dataclass(frozen=True, eq=False)
class Separation:
    """Sources on disk, and how they were computed."""

    mixture: Mixture
    contract: GraphContract
    spool: Spool
    orders: tuple[Order, ...]
    """For each track, the source that belongs to each one of the first track."""
    gain: Gain
    length: int
    """Samples per channel, at the mixture's rate."""
    windows: int
    """Number of windows computed."""
    seconds: float
    """Processing time: reading, resampling and net."""
    is_exact: bool
    """The sources are those of inference on the whole file at once."""

    def blocks(self, progress: Progress = no_progress) -> Iterator[Samples]:
        """Yield the sources ``[source, channel, sample]`` at the mixture's rate; ``progress`` gets samples."""
        spec = self.contract.spec
        shape = (spec.n_src, self.mixture.channels)
        tracks = spec.n_src * self.mixture.channels
        at_model_rate = (scaled.reshape(tracks, -1) for scaled in self._scaled())
        done = 0
        for block in resampled_blocks(
            at_model_rate, tracks, spec.sample_rate, self.mixture.sample_rate_hz, self.length
        ):
            done += block.shape[1]
            progress(done, self.length)
            yield block.reshape(*shape, -1)

    def _scaled(self) -> Iterator[Samples]:
        """Yield the sources ``[source, channel, sample]`` at the model's rate."""
        together = self.contract.spec.audio_channels
        factors = np.array(self.gain.factors, np.float32)[:, None, None]
        for block in self.spool.blocks(self.spool.length // together * together, together):
            pairs = zip(block, self.orders, strict=True)
            scaled = np.stack([track[list(order)] for track, order in pairs], axis=1) * factors
            yield deinterleave(scaled[:, 0], together) if together > 1 else scaled


class InterruptedSeparationError(DeviceRunError):
    """The device failed on the way; ``separation`` is what it gave before, None if that is less than a second."""

    def __init__(self, failure: DeviceRunError, separation: Separation | None) -> None:
        super().__init__(str(failure), failure.signature)
        self.separation = separation


def survey(mixture: Mixture, contract: GraphContract, progress: Progress = no_progress) -> Survey:
    """Read through a mixture; ``progress`` gets samples.

    Raises:
        AudioError: it can't be used; see ``audio.files``.
    """
    started, length = time.perf_counter(), 0

    def counted() -> Iterator[Samples]:
        nonlocal length
        for block in mixture.blocks():
            length += block.shape[1]
            progress(length, max(length, mixture.promised_length))
            yield block

    if contract.input_level_dbfs is None:
        for _ in counted():
            pass
        return Survey(length, None, time.perf_counter() - started)
    level = RecordedLevel(contract.input_level_dbfs, contract.spec.values_per_second)
    for block in _at_model_rate(counted(), mixture, contract):
        level.add(block)
    level.end()
    return Survey(length, level, time.perf_counter() - started)


def separate(
    backend: Backend,
    mixture: Mixture,
    surveyed: Survey,
    spool: Spool,
    *,
    overlap: float | None = None,
    halo: Halo | None = None,
    raw_scale: bool = False,
    progress: Progress = no_progress,
) -> Separation:
    """Separate a mixture of any rate, each channel on its own, or all together if the model does that.

    Later channels take the source order of the first, and all channels share the gain of a source, so that a
    source keeps its place in a stereo image. For a net with a fixed speech level the recording is kept at it by
    gains that follow its speech, and the sources are scaled back. ``overlap`` and ``halo``: see
    ``make_streamer``; ``progress`` gets samples.

    Raises:
        InterruptedSeparationError: the device failed on the way.
        AudioError: the mixture or the disk can't be used.
    """
    started = time.perf_counter()
    contract, spec = backend.contract, backend.contract.spec
    streamers = [make_streamer(backend, overlap=overlap, halo=halo) for _ in range(tracks_of(mixture, contract))]
    tracks = _Tracks(streamers, spec.n_src, surveyed.level, spool)
    total = surveyed.length * spec.values_per_second / mixture.sample_rate_hz
    length, failure = surveyed.length, None
    try:
        for block in _at_model_rate(mixture.blocks(), mixture, contract):
            for start in range(0, block.shape[1], streamers[0].hop_samples):
                tracks.feed(block[:, start : start + streamers[0].hop_samples])
                progress(min(spool.length, total), total)
        tracks.flush()
    except DeviceRunError as error:
        if spool.length < spec.values_per_second:
            raise InterruptedSeparationError(error, None) from error
        length, failure = spool.length // spec.audio_channels * mixture.sample_rate_hz // spec.sample_rate, error
    separation = Separation(
        mixture=mixture,
        contract=contract,
        spool=spool,
        orders=tracks.orders,
        gain=Gain((1.0,) * spec.n_src) if raw_scale else tracks.gain(),
        length=length,
        windows=sum(streamer.windows for streamer in streamers),
        seconds=surveyed.seconds + time.perf_counter() - started,
        is_exact=streamers[0].is_exact,
    )
    if failure is not None:
        raise InterruptedSeparationError(failure, separation) from failure
    progress(total, total)
    return separation


def tracks_of(mixture: Mixture, contract: GraphContract) -> int:
    """Return the number of streams that a mixture is to the net: channels, or one of them all, interleaved."""
    return 1 if contract.spec.audio_channels > 1 else mixture.channels


def held_bytes(mixture: Mixture, surveyed: Survey, contract: GraphContract) -> int:
    """Return the room on disk that one source takes until all are separated."""
    values = surveyed.length * contract.spec.values_per_second // mixture.sample_rate_hz
    return tracks_of(mixture, contract) * values * np.dtype(np.float32).itemsize


def _at_model_rate(blocks: Iterable[Samples], mixture: Mixture, contract: GraphContract) -> Iterator[Samples]:
    """Yield ``[track, sample]`` at the model's rate."""
    spec = contract.spec
    for block in resampled_blocks(blocks, mixture.channels, mixture.sample_rate_hz, spec.sample_rate):
        yield interleave(block)[None] if spec.audio_channels > 1 else block


class _Tracks:
    """Streams the tracks of a mixture through the net, and adds up what their order and gain follow from."""

    def __init__(
        self, streamers: Sequence[Streamer], n_src: int, level: RecordedLevel | None, spool: Spool
    ) -> None:
        self._streamers, self._n_src = streamers, n_src
        self._level, self._spool = level, spool
        self._waiting = np.zeros((len(streamers), 0), np.float32)
        """The mixture ``[track, sample]`` whose sources are not ready yet."""
        self._fed = 0
        self._sums = [MixtureSums(n_src) for _ in streamers]
        self._products = np.zeros((len(streamers), n_src, n_src))
        """Of the first track's sources with those of each one, as the net gave them."""
        self._powers = np.zeros(len(streamers))

    def feed(self, mixture: Samples) -> None:
        """Take ``[track, sample]``."""
        count = mixture.shape[1]
        levelled = mixture * self._gains(self._fed, count)
        self._fed += count
        self._waiting = np.concatenate([self._waiting, mixture], axis=1)
        pairs = zip(self._streamers, levelled, strict=True)
        self._take(np.stack([streamer.feed(track) for streamer, track in pairs]))

    def flush(self) -> None:
        """End the mixture."""
        self._take(np.stack([streamer.flush() for streamer in self._streamers]))

    def gain(self) -> Gain:
        """Find one gain per source over all tracks."""
        total = MixtureSums(self._n_src)
        for sums, order in zip(self._sums, self.orders, strict=True):
            total.add_channel(sums, order)
        return total.gain()

    @property
    def orders(self) -> tuple[Order, ...]:
        """For each track, the source that belongs to each one of the first track."""
        as_it_is: Order = tuple(range(self._n_src))
        most = np.sqrt(self._powers[0] * self._powers)
        return tuple(
            order_by_agreement(products, float(limit), as_it_is)
            for products, limit in zip(self._products, most, strict=True)
        )

    def _gains(self, start: int, count: int) -> Samples:
        return np.ones(count, np.float32) if self._level is None else self._level.gains(start, count)

    def _take(self, ready: Samples) -> None:
        """Take the net's next sources ``[track, source, sample]``."""
        count = ready.shape[2]
        mixture, self._waiting = self._waiting[:, :count], self._waiting[:, count:]
        sources = ready / self._gains(self._spool.length, count)
        for number, (sums, separated) in enumerate(zip(self._sums, sources, strict=True)):
            sums.add(mixture[number], separated)
        self._products += np.stack([inner_products(ready[0], track) for track in ready])
        self._powers += np.square(ready, dtype=np.float64).sum(axis=(1, 2))
        self._spool.append(sources)
