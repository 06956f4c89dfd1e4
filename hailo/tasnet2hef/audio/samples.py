"""The type of audio in memory, and several channels as one signal."""

from __future__ import annotations

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
