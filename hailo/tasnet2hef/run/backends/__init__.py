"""What runs a graph: one module per runtime, all behind the same protocol."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from tasnet2hef.provenance import Provenance

Samples = NDArray[np.float32]


class Backend(Protocol):
    """Runs one window: frames in, sources out.

    Both sides use the order of a device's NHWC memory, in which a window is the waveform itself cut into rows.
    A runtime that wants NCHW transposes inside its own module.
    """

    @property
    def provenance(self) -> Provenance:
        """The graph's own description: its window, rate, layout and sources."""

    def run(self, frames: Samples) -> Samples:
        """Map ``[row, sample of the row]`` to ``[source, row, sample of the row]``."""
