"""Integer codes for real numbers: unsigned with a zero point for activations, signed for weights.

A value ``x`` is stored as ``q = clip(round(x / scale) + zero_point, 0, 2**bits - 1)``, rounding half to even, and
represents ``(q - zero_point) * scale``: QuantizeLinear and DequantizeLinear of ONNX. The vendor's own scales are
not public; its 8-bit activations are assumed to be unsigned with one scale and zero point per tensor, its weights
signed and symmetric with one scale per tensor.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float32]

SMALLEST_SCALE = 1e-12
"""Scale of a tensor that is zero throughout: it must not be 0, and any other value will do."""


@dataclass(frozen=True)
class Precision:
    """Bits of a layer's output and of its weights; None leaves them float."""

    activation_bits: int | None
    weight_bits: int | None

    @property
    def name(self) -> str:
        """The compiler's name, such as ``a8_w8``; ``float`` when nothing is quantised."""
        return "float" if self.activation_bits is None else f"a{self.activation_bits}_w{self.weight_bits}"


FLOAT = Precision(None, None)
A8_W8 = Precision(8, 8)
A16_W16 = Precision(16, 16)
A8_W4 = Precision(8, 4)
MODES = {precision.name: precision for precision in (FLOAT, A8_W8, A16_W16, A8_W4, Precision(16, 8))}


@dataclass(frozen=True)
class ActivationFormat:
    """Scale and zero point of one tensor at ``bits`` bits."""

    scale: float
    zero_point: int
    bits: int = 8

    @property
    def highest_code(self) -> int:
        """The highest code, 255 at 8 bits."""
        return int(2**self.bits - 1)

    @property
    def low(self) -> float:
        """Smallest value that can be stored."""
        return -self.zero_point * self.scale

    @property
    def high(self) -> float:
        """Largest value that can be stored."""
        return (self.highest_code - self.zero_point) * self.scale

    def codes(self, values: Any) -> NDArray[np.int64]:
        """Return the codes of real values, any shape, in ONNX's float32 arithmetic."""
        scaled = np.rint(np.asarray(values, np.float32) / np.float32(self.scale))
        codes: NDArray[np.int64] = np.clip(scaled + self.zero_point, 0, self.highest_code).astype(np.int64)
        return codes

    def rounded(self, values: Any) -> Values:
        """Return real values, quantised and dequantised."""
        codes = self.codes(values) - self.zero_point
        return (codes.astype(np.float32) * np.float32(self.scale)).astype(np.float32)


def activation_format(low: float, high: float, bits: int = 8) -> ActivationFormat:
    """Choose scale and zero point for values from ``low`` to ``high``; zero is always stored exactly.

    >>> activation_format(-16.0, 47.75)
    ActivationFormat(scale=0.25, zero_point=64, bits=8)
    """
    low, high = min(low, 0.0), max(high, 0.0)
    highest = 2**bits - 1
    scale = max((high - low) / highest, SMALLEST_SCALE)
    zero_point = int(np.clip(np.rint(-low / scale), 0, highest))
    return ActivationFormat(scale, zero_point, bits)


def weight_scale(weights: Values, bits: int) -> float:
    """Return the scale of signed, symmetric weights: the largest one gets the highest code (127 at 8 bits)."""
    largest = float(np.abs(weights).max(initial=0.0))
    return max(largest / float(2 ** (bits - 1) - 1), SMALLEST_SCALE)


def round_weights(weights: Values, bits: int | None) -> Values:
    """Return weights, quantised to signed codes of ``bits`` bits and dequantised, with one scale for the tensor.

    >>> round_weights(np.array([31.75, 0.3, -0.5], np.float32), 8).tolist()
    [31.75, 0.25, -0.5]
    """
    if bits is None:
        return weights
    scale = np.float32(weight_scale(weights, bits))
    limit = 2 ** (bits - 1) - 1
    codes = np.clip(np.rint(weights / scale), -limit, limit)
    rounded: Values = (codes * scale).astype(np.float32)
    return rounded
