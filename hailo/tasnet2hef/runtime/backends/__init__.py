"""What runs a graph: one module per runtime, all behind the same protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.graph_contract import GraphContract


class Backend(Protocol):
    """Runs one window, or as many as the graph has columns: frames in, sources out.

    Both sides use the order of a device's NHWC memory, in which a window is the waveform itself cut into rows of
    ``stride`` samples; with several columns a row holds ``stride`` samples of each, one after the other. A
    runtime that wants NCHW transposes inside its own module.
    """

    @property
    def contract(self) -> GraphContract:
        """The graph's own description: its window, rate, layout and sources."""

    def run(self, frames: Samples) -> Samples:
        """Map ``[row, streams * stride]`` to ``[source, row, streams * stride]``."""


Memory = Mapping[str, Samples]
"""Past rows by the name of the graph's input, in the runtime's own order; only the backend looks into it."""


@runtime_checkable
class StepBackend(Backend, Protocol):
    """Runs a stateful graph chunk by chunk; the caller keeps the memory, so streams can share a backend."""

    def empty_memory(self) -> Memory:
        """Return the memory from which a stream begins."""

    def run_step(self, frames: Samples, memory: Memory) -> tuple[Samples, Memory]:
        """Run one chunk like ``run``; also return the memory for the next one."""
