"""The summary of a file, with the same fields for every format."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.errors import InputError


@dataclass(frozen=True)
class Port:
    """An input or an output of a graph; fields that the file does not contain are None.

    A stored value q represents ``scale * (q - zero_point)``.
    """

    name: str
    shape: tuple[int | None, ...]
    """In the axes of `FileSummary.axes`; None for an axis of unknown size."""
    padded_shape: tuple[int, ...] | None = None
    row_bytes: int | None = None
    """Bytes of a row as it is transferred to or from the chip, padding included."""
    scale: float | None = None
    zero_point: float | None = None
    value_range: tuple[float, float] | None = None
    layer: str | None = None
    """The compiled layer that reads an input, or writes an output."""
    original_names: tuple[str, ...] = ()
    """ONNX nodes that the compiler fused into the layer that reads an input, or writes an output."""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "name": self.name,
            "shape": list(self.shape),
            "padded_shape": None if self.padded_shape is None else list(self.padded_shape),
            "row_bytes": self.row_bytes,
            "scale": self.scale,
            "zero_point": self.zero_point,
            "range": None if self.value_range is None else list(self.value_range),
            "layer": self.layer,
            "original_names": list(self.original_names),
        }


@dataclass(frozen=True, kw_only=True)
class FileSummary:
    """The contents of a file; fields that it does not contain are None."""

    path: Path
    format: str
    """``hef``, ``har`` or ``onnx``."""
    size_bytes: int
    axes: str
    """The axes of a shape, in words."""
    inputs: tuple[Port, ...]
    outputs: tuple[Port, ...]
    header_version: int | None = None
    compiler_version: str | None = None
    hw_arch: str | None = None
    contexts: int | None = None
    fps: float | None = None
    """Frames per second of the slowest part, as the compiler estimated it."""
    latency_ms: float | None = None
    details: Mapping[str, Any] = field(default_factory=dict)
    """Fields of this format alone, as plain JSON values."""
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; the keys are the same for every format, except those in `details`."""
        return {
            "path": str(self.path),
            "format": self.format,
            "size_bytes": self.size_bytes,
            "header_version": self.header_version,
            "compiler_version": self.compiler_version,
            "hw_arch": self.hw_arch,
            "contexts": self.contexts,
            "axes": self.axes,
            "inputs": [port.to_json() for port in self.inputs],
            "outputs": [port.to_json() for port in self.outputs],
            "fps": self.fps,
            "latency_ms": self.latency_ms,
            "details": dict(self.details),
            "notes": list(self.notes),
        }


_KNOWN_ENDINGS: Final = "a .hef, .har or .onnx file"


def size_of(path: Path) -> int:
    """Return the size of a regular file in bytes.

    Raises:
        InputError: it is missing, empty, or no regular file (a folder, a device, a pipe).
    """
    try:
        regular, size = path.is_file(), path.stat().st_size
    except OSError as error:
        raise InputError(f"{path}: can't be read ({error.strerror}); give {_KNOWN_ENDINGS}") from None
    if not regular:
        raise InputError(f"{path}: found a folder or a device, expected {_KNOWN_ENDINGS}")
    if not size:
        raise InputError(f"{path}: is empty; expected {_KNOWN_ENDINGS}")
    return size


def fused_layer(layer: str, original_names: Iterable[str]) -> dict[str, Any]:
    """Return plain JSON values for a layer that the compiler fused from several ONNX nodes."""
    return {"layer": layer, "original_names": list(original_names)}


def finite(value: float) -> float | None:
    """Return a number; None for infinity and not-a-number, which JSON can't hold.

    >>> finite(23.9), finite(float("nan"))
    (23.9, None)
    """
    return value if math.isfinite(value) else None
