"""Between a window of a clip and the frames that a graph takes: views, no arithmetic."""

from __future__ import annotations

import numpy as np

from tasnet2hef.provenance import Provenance
from tasnet2hef.run.backends import Samples


def window_to_frames(window: Samples, provenance: Provenance) -> Samples:
    """Cut a window ``[sample]`` of ``window_samples`` samples into ``[row, sample of the row]``.

    The original's own padding surrounds the window; the last row is filled up with zeros.
    """
    stride = provenance.spec.stride
    buffer = np.zeros(provenance.rows * stride, np.float32)
    buffer[_clip_part(provenance)] = window
    return buffer.reshape(provenance.rows, stride)


def frames_to_sources(frames: Samples, provenance: Provenance) -> Samples:
    """Read ``[source, row, sample of the row]`` back as the window's sources ``[source, sample]``."""
    return frames.reshape(len(frames), -1)[:, _clip_part(provenance)]


def _clip_part(provenance: Provenance) -> slice:
    start = provenance.spec.encoder_padding
    return slice(start, start + provenance.window_samples)
