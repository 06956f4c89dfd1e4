"""Converts between float32 and a device's stream: floats as they are, or codes by scale and zero point.

``real = (code - zero_point) * scale``, as in the runtime's own ``quant_infos``. A stream format allocates its
buffers when it is created and none later.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.errors import DeviceError
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


class HefStreams(NamedTuple):
    """The streams of one HEF, in the order of its sidecar."""

    inputs: tuple[Stream, ...]
    outputs: tuple[Stream, ...]


@dataclass(frozen=True, eq=False)
class Quantisation:
    """Scale and zero point of a stream's codes, one for all features."""

    scales: Samples
    zero_points: Samples

    @classmethod
    def from_infos(cls, infos: Sequence[Any], where: str) -> Quantisation:
        """Read the runtime's ``quant_infos``, which are one in every release.

        Raises:
            DeviceError: the scale is 0: the HEF has one for each feature, which the runtime does not tell.
        """
        scales, zero_points = np.array([(each.qp_scale, each.qp_zp) for each in infos], np.float32).T
        if not (scales > 0).all():
            raise DeviceError(
                f"{where}: found a scale of {scales.min():g}, expected one above 0: the HEF has a scale for each "
                "feature, which HailoRT does not tell; use the float stream format"
            )
        return cls(scales, zero_points)


class StreamFormat(Protocol):
    """Converts between a float array and a stream's buffer; every array that it returns is C-contiguous."""

    def encode(self, values: Samples) -> Codes:
        """Return the stream's input, of its own shape, for float values of as many elements."""

    def output_buffer(self, values: Samples) -> Codes:
        """Return the buffer that the stream writes to, to be decoded into ``values``."""

    def decode_into(self, values: Samples) -> None:
        """Convert what the stream wrote into ``values``."""


class FloatFormat:
    """The runtime converts; arrays that fit are passed on without a copy."""

    def __init__(self, stream: Stream) -> None:
        self._shape = stream.shape
        self._own = np.zeros(stream.shape, np.float32)

    def encode(self, values: Samples) -> Codes:
        """Return a view of ``values``; a copy where they are not contiguous float32, or are read-only."""
        if values.dtype == np.float32 and values.flags.c_contiguous and values.flags.writeable:
            return values.reshape(self._shape)
        np.copyto(self._own, values.reshape(self._shape))
        return self._own

    def output_buffer(self, values: Samples) -> Codes:
        """Return a view of ``values``."""
        return values.reshape(self._shape)

    def decode_into(self, values: Samples) -> None:
        """Do nothing: the stream wrote into ``values`` itself."""


class QuantisedFormat:
    """The host converts, without the runtime: only one or two bytes per value cross the bus."""

    def __init__(self, stream: Stream, quantisation: Quantisation) -> None:
        self._stream, self._quantisation = stream, quantisation
        limits = np.iinfo(stream.code_type)
        self._lowest, self._highest = float(limits.min), float(limits.max)
        self._codes = np.zeros(stream.shape, stream.code_type)
        self._scratch = np.zeros(stream.shape, np.float32)

    def encode(self, values: Samples) -> Codes:
        """Round ``values`` to codes, clipped to their range."""
        np.divide(values.reshape(self._stream.shape), self._quantisation.scales, out=self._scratch)
        np.add(self._scratch, self._quantisation.zero_points, out=self._scratch)
        np.rint(self._scratch, out=self._scratch)
        np.clip(self._scratch, self._lowest, self._highest, out=self._scratch)
        np.copyto(self._codes, self._scratch, casting="unsafe")
        return self._codes

    def output_buffer(self, values: Samples) -> Codes:
        """Return the format's own buffer of codes."""
        return self._codes

    def decode_into(self, values: Samples) -> None:
        """Turn the codes back into values."""
        shaped = values.reshape(self._stream.shape)
        np.copyto(shaped, self._codes)
        np.subtract(shaped, self._quantisation.zero_points, out=shaped)
        np.multiply(shaped, self._quantisation.scales, out=shaped)
