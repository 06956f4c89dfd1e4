"""The type of audio in memory, and several channels as one signal."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
"""Float samples, full scale +-1; the docstring of each use gives the axes."""


def interleave(samples: Samples) -> Samples:
    """Turn ``[..., channel, sample]`` into ``[..., value]``: the first sample of each channel, then the second.

    >>> interleave(np.array([[1, 2, 3], [10, 20, 30]], np.float32)).tolist()
    [1.0, 10.0, 2.0, 20.0, 3.0, 30.0]
    """
    return np.ascontiguousarray(samples.swapaxes(-1, -2)).reshape(*samples.shape[:-2], -1)


def deinterleave(values: Samples, channels: int) -> Samples:
    """Turn ``[..., value]`` back into ``[..., channel, sample]``.

    >>> deinterleave(np.array([1, 10, 2, 20], np.float32), 2).tolist()
    [[1.0, 2.0], [10.0, 20.0]]
    """
    return np.ascontiguousarray(values.reshape(*values.shape[:-1], -1, channels).swapaxes(-1, -2))


def inner_products(first: Samples, second: Samples) -> NDArray[np.float64]:
    """Return the sums over time of the products of ``[signal, sample]`` and ``[other, sample]``, in double.

    Not by ``@``: the threads of a BLAS wait for each other, longer than such a short sum takes by itself.

    >>> inner_products(np.eye(2, dtype=np.float32), np.ones((1, 2), np.float32)).tolist()
    [[1.0], [1.0]]
    """
    sums: NDArray[np.float64] = np.einsum("it,jt->ij", first, second, dtype=np.float64, casting="safe")
    return sums


class BlockCutter:
    """Cuts a stream of blocks ``[..., sample]`` into others.

    >>> BlockCutter([np.ones((1, 2), np.float32), np.zeros((1, 2), np.float32)]).take(3).tolist()
    [[1.0, 1.0, 0.0]]
    """

    def __init__(self, blocks: Iterable[Samples]) -> None:
        self._blocks = iter(blocks)
        self._waiting: Samples | None = None

    def take(self, count: int) -> Samples:
        """Return the next ``count`` samples; fewer at the end of the stream."""
        waiting = next(self._blocks) if self._waiting is None else self._waiting
        parts, missing = [waiting], count - waiting.shape[-1]
        while missing > 0 and (block := next(self._blocks, None)) is not None:
            parts.append(block)
            missing -= block.shape[-1]
        joined = np.concatenate(parts, axis=-1)
        self._waiting = joined[..., count:]
        return joined[..., :count]
