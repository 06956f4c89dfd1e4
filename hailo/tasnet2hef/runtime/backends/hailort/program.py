"""A HEF that is loaded on a device: how it is run, and the buffers of its results."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.runtime.backends.hailort.stream_format import Codes, Quantisation, Stream

StreamFormatName = Literal["float", "quantised"]
OWN_REFERENCES: Final = 2
"""References to an array that only the pool holds: its list's, and that of the call that counts them."""


@dataclass(frozen=True)
class RunOptions:
    """How a device is used.

    ``stream_format``: with ``float`` the runtime converts values, with ``quantised`` the host does (for buses that
    are the bottleneck).
    """

    stream_format: StreamFormatName = "float"
    timeout_ms: int = 10_000
    """Maximum time for one window, in milliseconds; a window of audio lasts about 2,000."""

    def type_name(self, stream: Stream) -> str:
        """Return the runtime's name (``FormatType``) of the type that a stream's buffers have."""
        return "FLOAT32" if self.stream_format == "float" else stream.code_type.upper()


class Program(Protocol):
    """One HEF, ready to run. Buffers are keyed by stream name, C-contiguous and of the streams' shapes."""

    def quantisation(self, stream: Stream, *, is_input: bool) -> Quantisation:
        """Return the scale and zero point of a stream's codes."""

    def run(self, inputs: Mapping[str, Codes], outputs: Mapping[str, Codes]) -> None:
        """Run one window: read ``inputs``, fill ``outputs``."""


class ResultPool:
    """Hands out float arrays by name, all views of one buffer; a buffer is used again once no view of it is left.

    A view keeps its buffer, so a buffer that only the pool refers to is free: results belong to the caller for as
    long as it keeps them, as those of ONNX Runtime do, and a stream that keeps none allocates nothing.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self._shapes = dict(shapes)
        self._sizes = [math.prod(shape) for shape in self._shapes.values()]
        self._buffers: list[Samples] = []

    @property
    def buffers(self) -> int:
        """Maximum number of buffers that were in use at once."""
        return len(self._buffers)

    def take(self) -> dict[str, Samples]:
        """Return arrays of the pool's shapes; their values are arbitrary."""
        buffer = self._free()
        parts = np.split(buffer, np.cumsum(self._sizes)[:-1])
        return {name: part.reshape(shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)}

    def _free(self) -> Samples:
        for place in range(len(self._buffers)):
            if sys.getrefcount(self._buffers[place]) <= OWN_REFERENCES:
                return self._buffers[place]
        self._buffers.append(np.zeros(sum(self._sizes), np.float32))
        return self._buffers[-1]
