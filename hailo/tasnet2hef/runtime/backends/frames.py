"""Between clips and the frames that a graph takes: views and copies, no arithmetic.

Frames lie as a device's NHWC memory does: ``[row, streams * stride]``, a row of every column after the other. With
one stream that is the waveform itself, cut into rows.
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
    buffer[_clip_part(contract)] = window
    return buffer.reshape(contract.rows, stride)


def frames_to_sources(frames: Samples, contract: GraphContract) -> Samples:
    """Read one window's ``[source, row, sample of the row]`` back as its sources ``[source, sample]``."""
    return frames.reshape(len(frames), -1)[:, _clip_part(contract)]


def join_columns(columns: Samples) -> Samples:
    """Lay ``[stream, row, sample of the row]`` out as one tensor's frames ``[row, streams * stride]``."""
    streams, rows, stride = columns.shape
    return columns.transpose(1, 0, 2).reshape(rows, streams * stride)


def split_columns(frames: Samples, streams: int) -> Samples:
    """Take ``[source, row, streams * stride]`` apart into ``[stream, source, row, sample of the row]``."""
    sources, rows, _ = frames.shape
    return frames.reshape(sources, rows, streams, -1).transpose(2, 0, 1, 3)


def streams_to_frames(clips: Samples, contract: GraphContract) -> Samples:
    """Put a clip in every column: ``[stream, sample]`` to ``[row, streams * stride]``."""
    return join_columns(np.stack([window_to_frames(clip, contract) for clip in clips]))


def frames_to_streams(frames: Samples, contract: GraphContract) -> Samples:
    """Read every column: ``[source, row, streams * stride]`` to ``[stream, source, sample]``."""
    columns = split_columns(frames, contract.streams)
    return np.stack([frames_to_sources(column, contract) for column in columns])


def frames_to_tensor(frames: Samples, contract: GraphContract) -> Samples:
    """Turn frames ``[row, streams * stride]`` into the graph's NCHW input."""
    cells = frames.reshape(contract.rows, contract.streams, contract.spec.stride)
    return np.ascontiguousarray(cells.transpose(2, 0, 1), dtype=np.float32).reshape(contract.input_shape)


def tensor_to_frames(tensor: Samples, contract: GraphContract) -> Samples:
    """Turn one NCHW output of the graph into frames ``[row, streams * stride]``."""
    cells = tensor.reshape(contract.spec.stride, contract.rows, contract.streams)
    return cells.transpose(1, 2, 0).reshape(contract.rows, -1)


def _clip_part(contract: GraphContract) -> slice:
    start = contract.spec.encoder_padding
    return slice(start, start + contract.window_samples)
