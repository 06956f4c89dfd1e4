"""The interface of all streamers, and the choice of one for a net."""

from __future__ import annotations

from typing import Protocol

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import OptionError
from tasnet2hef.runtime.backends import Backend, StepBackend
from tasnet2hef.runtime.stream.chunks import ChunkStream
from tasnet2hef.runtime.stream.columns import WindowGenerator
from tasnet2hef.runtime.stream.halo import Halo, HaloStream, plan_halo
from tasnet2hef.runtime.stream.windows import DEFAULT_OVERLAP, WindowStream, require_overlap


class Streamer(Protocol):
    """Takes any number of samples; returns the sources that are ready."""

    windows: int
    """Number of windows computed."""

    @property
    def hop_samples(self) -> int:
        """Samples from the start of a window to the start of the next."""

    @property
    def lag_samples(self) -> int:
        """Maximum number of samples, itself included, that a sample waits for until its sources are ready."""

    @property
    def lag_ms(self) -> float:
        """The same in milliseconds."""

    @property
    def is_exact(self) -> bool:
        """Whether the result equals inference on the whole file at once."""

    def feed(self, samples: Samples) -> Samples:
        """Take ``[sample]``; return the sources ``[source, sample]`` that are ready."""

    def flush(self) -> Samples:
        """End the stream: return the remaining sources."""

    def feed_generator(self, samples: Samples) -> WindowGenerator:
        """Generator form of ``feed``, whose windows can share the columns of a run with other streams."""

    def flush_generator(self) -> WindowGenerator:
        """Generator form of ``flush``."""


def require_joining(overlap: float | None, halo: Halo | None) -> None:
    """Check how windows are to be joined, before any work.

    Raises:
        OptionError: both an overlap and a halo are chosen, or the overlap is out of range.
    """
    if overlap is not None and halo is not None:
        raise OptionError(f"overlap {overlap} and halo {halo}: found both, expected one way to join windows")
    if overlap is not None:
        require_overlap(overlap)


def make_streamer(backend: Backend, *, overlap: float | None = None, halo: Halo | None = None) -> Streamer:
    """Make the streamer with an overlap or a halo; with neither, choose the one that suits the net.

    That is chunks for a stateful graph, a full halo where it is exact and its hop is at least that of the default
    overlap, else the cross-fade.

    Raises:
        OptionError: both are chosen, or the one that is chosen does not suit the net.
    """
    require_joining(overlap, halo)
    if backend.contract.stateful:
        return _make_chunk_stream(backend, overlap, halo)
    if halo is not None:
        return HaloStream(backend, halo)
    if overlap is None and _full_halo_is_cheap(backend):
        return HaloStream(backend)
    return WindowStream(backend, DEFAULT_OVERLAP if overlap is None else overlap)


def _make_chunk_stream(backend: Backend, overlap: float | None, halo: Halo | None) -> ChunkStream:
    if overlap is not None or halo is not None:
        option = f"overlap {overlap}" if halo is None else f"halo {halo}"
        raise OptionError(f"{option}: found a stateful graph, which needs neither; leave it out")
    if not isinstance(backend, StepBackend):
        raise OptionError("stateful graph: found a runtime that keeps no state, expected ONNX Runtime in float")
    return ChunkStream(backend)


def _full_halo_is_cheap(backend: Backend) -> bool:
    contract = backend.contract
    if contract.norm == "exact":
        return False
    try:
        plan = plan_halo(contract, "full")
    except OptionError:  # the window is too short for it
        return False
    return plan.hop_rows >= (1 - DEFAULT_OVERLAP) * contract.window_frames
