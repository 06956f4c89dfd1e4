"""Converts between windows, a backend's frames and a graph's tensors: views and copies, no arithmetic.

Frames have the order of a device's NHWC memory: ``[row, streams * stride]``, a row of each column after the other.
With one stream that is the waveform itself, cut into rows.
"""

from __future__ import annotations

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.graph_contract import GraphContract


def window_to_frames(window: Samples, contract: GraphContract) -> Samples:
    """Cut one window ``[sample]`` of ``window_samples`` samples into ``[row, sample of the row]``.

    The original's own padding surrounds the window; the last row is filled up with zeros. Where there is nothing
    to add, the frames are a view of the window.
    """
    stride = contract.spec.stride
    if len(window) == contract.rows * stride:
        return window.reshape(contract.rows, stride)
    buffer = np.zeros(contract.rows * stride, np.float32)
    buffer[_window_part(contract)] = window
    return buffer.reshape(contract.rows, stride)


def frames_to_sources(frames: Samples, contract: GraphContract) -> Samples:
    """Turn one window's ``[source, row, sample of the row]`` into its sources ``[source, sample]``."""
    return frames.reshape(len(frames), -1)[:, _window_part(contract)]


def join_columns(columns: Samples) -> Samples:
    """Put columns ``[stream, row, sample of the row]`` side by side as frames ``[row, streams * stride]``."""
    streams, rows, stride = columns.shape
    return columns.transpose(1, 0, 2).reshape(rows, streams * stride)


def split_columns(frames: Samples, streams: int) -> Samples:
    """Split ``[source, row, streams * stride]`` into columns ``[stream, source, row, sample of the row]``."""
    sources, rows, _ = frames.shape
    return frames.reshape(sources, rows, streams, -1).transpose(2, 0, 1, 3)


def streams_to_frames(windows: Samples, contract: GraphContract) -> Samples:
    """Put a window of each stream in its column: ``[stream, sample]`` to ``[row, streams * stride]``."""
    return join_columns(np.stack([window_to_frames(window, contract) for window in windows]))


def frames_to_streams(frames: Samples, contract: GraphContract) -> Samples:
    """Return the sources of every column: ``[source, row, streams * stride]`` to ``[stream, source, sample]``."""
    columns = split_columns(frames, contract.streams)
    return np.stack([frames_to_sources(column, contract) for column in columns])


def frames_to_tensor(frames: Samples, contract: GraphContract) -> Samples:
    """Turn frames ``[row, streams * stride]`` into the graph's NCHW input."""
    nhwc = frames.reshape(contract.rows, contract.streams, contract.spec.stride)
    return to_nchw(nhwc.astype(np.float32, copy=False)).reshape(contract.input_shape)


def tensor_to_frames(tensor: Samples, contract: GraphContract) -> Samples:
    """Turn one NCHW output of the graph into frames ``[row, streams * stride]``."""
    nhwc = to_nhwc(tensor.reshape(1, contract.spec.stride, contract.rows, contract.streams))
    return nhwc.reshape(contract.rows, -1)


def to_nchw(window: Samples) -> Samples:
    """Turn one window ``[height, width, feature]`` into ``[1, feature, height, width]``, C-contiguous.

    >>> to_nchw(np.zeros((5, 1, 8), np.float32)).shape
    (1, 8, 5, 1)
    """
    return np.ascontiguousarray(window.transpose(2, 0, 1)[None])


def to_nhwc(tensor: Samples) -> Samples:
    """View a tensor of batch 1, ``[1, feature, height, width]``, as ``[height, width, feature]``.

    >>> to_nhwc(np.zeros((1, 8, 5, 1), np.float32)).shape
    (5, 1, 8)
    """
    nhwc: Samples = tensor[0].transpose(1, 2, 0)
    return nhwc


def _window_part(contract: GraphContract) -> slice:
    start = contract.spec.encoder_padding
    return slice(start, start + contract.window_samples)
