"""What every streamer does, and which one suits a net."""

from __future__ import annotations

from typing import Protocol

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import OptionError
from tasnet2hef.runtime.backends import Backend, StepBackend
from tasnet2hef.runtime.stream.chunks import ChunkStream
from tasnet2hef.runtime.stream.halo import Halo, HaloStream, plan_halo
from tasnet2hef.runtime.stream.windows import DEFAULT_OVERLAP, WindowStream, require_overlap


class Streamer(Protocol):
    """Any number of samples in, what is ready out."""

    windows: int
    """Windows that were computed."""

    @property
    def hop_samples(self) -> int:
        """Samples from the start of a window to the start of the next."""

    @property
    def lag_samples(self) -> int:
        """Most samples that must follow a sample before it comes out, itself included."""

    @property
    def lag_ms(self) -> float:
        """The same in milliseconds."""

    @property
    def is_exact(self) -> bool:
        """Whether the result equals inference on the whole file at once."""

    def feed(self, samples: Samples) -> Samples:
        """Take ``[sample]``; return the sources ``[source, sample]`` that are ready."""

    def flush(self) -> Samples:
        """End the stream: return the sources of all samples that are still held."""


def require_joining(overlap: float | None, halo: Halo | None) -> None:
    """Check how windows are to be joined, before any work.

    Raises:
        OptionError: both ways are asked for, or the overlap is out of range.
    """
    if overlap is not None and halo is not None:
        raise OptionError(f"overlap {overlap} and halo {halo}: found both, expected one way to join windows")
    if overlap is not None:
        require_overlap(overlap)


def make_streamer(backend: Backend, *, overlap: float | None = None, halo: Halo | None = None) -> Streamer:
    """Make the streamer that was asked for; with nothing said, the one that suits the net.

    That is its own memory for a stateful graph, a full halo where it is exact and moves on by as much of a window
    as the default overlap does, else the cross-fade.

    Raises:
        OptionError: both are given, or one of them can't be honoured.
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
        asked = f"overlap {overlap}" if halo is None else f"halo {halo}"
        raise OptionError(f"{asked}: found a stateful graph, which needs neither; leave it out")
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
