"""Buffers that device results are written to, used over and over without being taken from whoever reads them."""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping

import numpy as np

from tasnet2hef.audio.samples import Samples

OWN_REFERENCES = 2
"""Of an array that nobody else looks at: the list's, and that of the call that counts them."""


class ResultPool:
    """Hands out float arrays by name, all views of one buffer.

    A view keeps its buffer, so a buffer that only the pool refers to is free: results belong to the caller for as
    long as it keeps them, as those of ONNX Runtime do, and a stream that keeps none allocates nothing.
    """

    def __init__(self, shapes: Mapping[str, tuple[int, ...]]) -> None:
        self._shapes = dict(shapes)
        self._sizes = [math.prod(shape) for shape in self._shapes.values()]
        self._buffers: list[Samples] = []

    @property
    def buffers(self) -> int:
        """Count the buffers that were ever needed at once."""
        return len(self._buffers)

    def take(self) -> dict[str, Samples]:
        """Return arrays of the pool's shapes, with whatever they held before."""
        buffer = self._free()
        parts = np.split(buffer, np.cumsum(self._sizes)[:-1])
        return {name: part.reshape(shape) for (name, shape), part in zip(self._shapes.items(), parts, strict=True)}

    def _free(self) -> Samples:
        for place in range(len(self._buffers)):
            if sys.getrefcount(self._buffers[place]) <= OWN_REFERENCES:
                return self._buffers[place]
        self._buffers.append(np.zeros(sum(self._sizes), np.float32))
        return self._buffers[-1]
