"""Backends that run a graph: one module per runtime, all with the same protocol."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.graph_contract import GraphContract


class Backend(Protocol):
    """Runs one window, or as many as the graph has columns: frames in, sources out.

    Frames and sources have the order of a device's NHWC memory, in which a window is the waveform itself cut into
    rows of ``stride`` samples; with several columns a row holds ``stride`` samples of each, one after the other. A
    runtime that wants NCHW transposes inside its own module.
    """

    @property
    def contract(self) -> GraphContract:
        """The graph's contract: its window, rate, layout and sources."""

    def run(self, frames: Samples) -> Samples:
        """Map ``[row, streams * stride]`` to ``[source, row, streams * stride]``."""


Memory = Mapping[str, Samples]
"""Past rows by the name of the graph's input, in the runtime's own order; opaque to all but the backend."""


@runtime_checkable
class StepBackend(Backend, Protocol):
    """Runs a stateful graph chunk by chunk; the caller keeps the memory, so streams can share a backend.

    A backend that inherits from it implements ``run_step`` and ``contract``; it may run graphs of windows as well,
    whose memory is empty.
    """

    def run(self, frames: Samples) -> Samples:
        """Map ``[row, streams * stride]`` to ``[source, row, streams * stride]``: a window, or a first chunk."""
        return self.run_step(frames, self.empty_memory())[0]

    def empty_memory(self) -> Memory:
        """Return the memory at the beginning of a stream: silence. Empty for a graph of windows."""
        return {name: np.zeros(shape, np.float32) for name, shape in self.contract.state_shapes.items()}

    def run_step(self, frames: Samples, memory: Memory) -> tuple[Samples, Memory]:
        """Run one chunk like ``run``; also return the memory for the next one."""
