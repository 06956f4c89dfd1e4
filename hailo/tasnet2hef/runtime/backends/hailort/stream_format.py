"""Between float32 and what a device's stream takes: as it is, or by scale and zero point.

``real = (code - zero_point) * scale``, as the runtime's own ``quant_infos`` mean it. No border allocates after it
was made.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from tasnet2hef.audio.samples import Samples
from tasnet2hef.runtime.backends.hailort.sidecar import Shape

Codes = NDArray[Any]


@dataclass(frozen=True)
class Stream:
    """One stream of a HEF: the port's ONNX name, the stream's own, and its NHWC shape."""

    port: str
    name: str
    shape: Shape
    code_type: str
    """NumPy's name of the type on the device: ``uint8``, ``uint16`` or ``float32``."""


@dataclass(frozen=True, eq=False)
class Quantisation:
    """What a stream's codes mean; each array holds one value for all features, or one a feature."""

    scales: Samples
    zero_points: Samples

    @classmethod
    def of(cls, told: Sequence[Any]) -> Quantisation:
        """Read the runtime's ``quant_infos``."""
        return cls(*np.array([(each.qp_scale, each.qp_zp) for each in told], np.float32).T)


class StreamFormat(Protocol):
    """What stands between a float array and a stream's buffer; every array it hands out is C-contiguous."""

    def fill(self, real: Samples) -> Codes:
        """Return the stream's input, of its own shape, for float values of as many elements."""

    def room(self, real: Samples) -> Codes:
        """Return the buffer that the stream writes to, so that ``take`` can put its values into ``real``."""

    def take(self, real: Samples) -> None:
        """Put what the stream wrote into ``real``."""


class FloatFormat:
    """The runtime converts; arrays that fit are handed over as they are, without a copy."""

    def __init__(self, stream: Stream) -> None:
        self._shape = stream.shape
        self._own = np.zeros(stream.shape, np.float32)

    def fill(self, real: Samples) -> Codes:
        """Return a view of ``real``; a copy where it is not contiguous float32."""
        if real.dtype == np.float32 and real.flags.c_contiguous:
            return real.reshape(self._shape)
        np.copyto(self._own, real.reshape(self._shape))
        return self._own

    def room(self, real: Samples) -> Codes:
        """Return a view of ``real``."""
        return real.reshape(self._shape)

    def take(self, real: Samples) -> None:
        """Do nothing: the stream wrote into ``real`` itself."""


class QuantisedFormat:
    """The host converts, without a call of the runtime for it: a byte or two a value are handed over."""

    def __init__(self, stream: Stream, quantisation: Quantisation) -> None:
        self._stream, self._meant = stream, quantisation
        limits = np.iinfo(stream.code_type)
        self._lowest, self._highest = float(limits.min), float(limits.max)
        self._codes = np.zeros(stream.shape, stream.code_type)
        self._scratch = np.zeros(stream.shape, np.float32)

    def fill(self, real: Samples) -> Codes:
        """Round ``real`` to codes, clipped to their range."""
        np.divide(real.reshape(self._stream.shape), self._meant.scales, out=self._scratch)
        np.add(self._scratch, self._meant.zero_points, out=self._scratch)
        np.rint(self._scratch, out=self._scratch)
        np.clip(self._scratch, self._lowest, self._highest, out=self._scratch)
        np.copyto(self._codes, self._scratch, casting="unsafe")
        return self._codes

    def room(self, real: Samples) -> Codes:
        """Return the border's own buffer of codes."""
        return self._codes

    def take(self, real: Samples) -> None:
        """Turn the codes back into values."""
        shaped = real.reshape(self._stream.shape)
        np.copyto(shaped, self._codes)
        np.subtract(shaped, self._meant.zero_points, out=shaped)
        np.multiply(shaped, self._meant.scales, out=shaped)
