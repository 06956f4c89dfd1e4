"""Separates independent streams in the columns of one graph: columns never mix, so neither do the streams."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.graph_contract import GraphContract
from tasnet2hef.runtime.backends import Backend
from tasnet2hef.runtime.stream.columns import run_columns, run_generators
from tasnet2hef.runtime.stream.halo import Halo
from tasnet2hef.runtime.stream.streamer import Streamer, make_streamer


class OneColumnBackend:
    """A graph of several columns used as a graph of one; the other columns hold silence."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    @property
    def contract(self) -> GraphContract:
        """The graph's contract, with one stream."""
        return replace(self._backend.contract, streams=1)

    def run(self, frames: Samples) -> Samples:
        """Map ``[row, stride]`` to ``[source, row, stride]``."""
        (sources,) = run_columns(self._backend, [frames])
        return sources


class ColumnMixer:
    """Takes any number of streams (microphones, files) and runs their windows side by side.

    Each stream is separated as if it were alone, at the lag of a single stream; windows of several streams that
    are complete at the same time share a run of the net, up to one per column. Streams may end at
    different times and receive different numbers of samples. A stateful graph has one column, so there the streams
    take turns, each with a memory of its own.

    Raises:
        OptionError: fewer than one stream, or see ``make_streamer``.
    """

    def __init__(
        self, backend: Backend, streams: int, *, overlap: float | None = None, halo: Halo | None = None
    ) -> None:
        if streams < 1:
            raise OptionError(f"streams: found {streams}, expected 1 or more")
        self._backend = backend
        alone = OneColumnBackend(backend) if backend.contract.streams > 1 else backend
        self._streams = [make_streamer(alone, overlap=overlap, halo=halo) for _ in range(streams)]

    @property
    def streamer(self) -> Streamer:
        """The first stream's streamer, for its hop, lag and exactness, which are the same for all streams."""
        return self._streams[0]

    @property
    def windows(self) -> int:
        """Number of windows computed, over all streams."""
        return sum(stream.windows for stream in self._streams)

    def feed(self, samples: Sequence[Samples]) -> list[Samples]:
        """Take ``[sample]`` for each stream; return the sources ``[source, sample]`` that are ready, for each."""
        pairs = zip(self._streams, samples, strict=True)
        return run_generators(self._backend, [stream.feed_generator(part) for stream, part in pairs])

    def flush(self) -> list[Samples]:
        """End all streams: return the remaining sources ``[source, sample]`` for each."""
        return run_generators(self._backend, [stream.flush_generator() for stream in self._streams])
