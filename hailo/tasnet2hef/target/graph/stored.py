"""The stored tensors of a graph: sizes checked against bytes, and external ones read from their file."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Final

import onnx
from onnx import TensorProto

from tasnet2hef.base.errors import GraphError

LARGEST_AXIS: Final = 2**31 - 1
MOST_AXES: Final = 32
"""NumPy before 2.0 has no arrays of more."""
_LONGEST_NAME: Final = 255
_LONGEST_NUMBER: Final = 19
_NAMED: Final = 60

# By the number of the type: older releases of onnx lack the names of the newer ones.
_BITS: Final[dict[int, int]] = {
    **dict.fromkeys((2, 3, 9, 17, 18, 19, 20, 24), 8),
    **dict.fromkeys((4, 5, 10, 16), 16),
    **dict.fromkeys((1, 6, 12), 32),
    **dict.fromkeys((7, 11, 13, 14), 64),
    15: 128,
    **dict.fromkeys((21, 22, 23), 4),
    **dict.fromkeys((25, 26), 2),
}
_FIELDS: Final[dict[int, str]] = {
    **dict.fromkeys((1, 14), "float_data"),
    TensorProto.STRING: "string_data",
    TensorProto.INT64: "int64_data",
    **dict.fromkeys((11, 15), "double_data"),
    **dict.fromkeys((12, 13), "uint64_data"),
}
"""Where values lie that are not raw bytes; all other types are in `int32_data`."""
_COMPLEX: Final = (TensorProto.COMPLEX64, TensorProto.COMPLEX128)


def stored_tensors(graph: onnx.GraphProto) -> Iterator[TensorProto]:
    """Yield the initialisers and the tensors in attributes of a graph and of the graphs inside it."""
    yield from graph.initializer
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.HasField("t"):
                yield attribute.t
            yield from attribute.tensors
            for body in [attribute.g] if attribute.HasField("g") else attribute.graphs:
                yield from stored_tensors(body)


def check_stored(tensor: TensorProto, where: str) -> None:
    """Refuse a tensor whose shape is impossible, or whose bytes are not those of its shape and type.

    Of an external tensor the place is checked, not the file.
    """
    place = f"{where}: initialiser {tensor.name}"
    if len(tensor.dims) > MOST_AXES or any(not 0 <= length <= LARGEST_AXIS for length in tensor.dims):
        raise GraphError(
            f"{place}: found shape {_shown(tensor)}, expected one that fits into memory; export again"
        )
    if tensor.data_type not in _BITS and tensor.data_type != TensorProto.STRING:
        raise GraphError(f"{place}: found data type {tensor.data_type}, expected one of ONNX; export again")
    if tensor.data_location == TensorProto.EXTERNAL:
        try:
            external_file(tensor)
        except GraphError as error:
            raise GraphError(f"{where}: {error}") from None
        return
    if tensor.HasField("raw_data"):
        found, expected, unit = len(tensor.raw_data), stored_bytes(tensor), "bytes"
    else:
        field = _FIELDS.get(tensor.data_type, "int32_data")
        found, expected, unit = len(getattr(tensor, field)), _entries(tensor), "values"
    if found != expected:
        raise GraphError(
            f"{place}: found {found} {unit} for {_shown(tensor)}, expected {expected}; the file is damaged or cut "
            "short"
        )


def stored_bytes(tensor: TensorProto) -> int:
    """Return the bytes that a tensor's values take, from its shape and type."""
    return -(-_BITS.get(tensor.data_type, 0) * _count(tensor) // 8)


def _entries(tensor: TensorProto) -> int:
    """Return how many entries the list of a tensor's values has: 4-bit types lie two in one."""
    values = _count(tensor)
    if tensor.data_type in _COMPLEX:
        return 2 * values
    packed = 8 // min(8, _BITS.get(tensor.data_type, 8))
    return -(-values // packed)


def _count(tensor: TensorProto) -> int:
    return math.prod(int(length) for length in tensor.dims)


def _shown(tensor: TensorProto) -> str:
    sizes = list(tensor.dims)
    return str(sizes) if len(sizes) <= MOST_AXES else f"of {len(sizes)} axes"


def external_file(tensor: TensorProto) -> str:
    """Return the name of the file of an external tensor, relative to its graph.

    Raises:
        GraphError: it names none, or one that is not beside the graph.
    """
    name = _entry(tensor, "location")
    parts = PurePosixPath(name).parts
    if not parts or ".." in parts or PurePosixPath(name).is_absolute() or "\0" in name:
        raise GraphError(
            f"initialiser {tensor.name}: found its weights at {name[:_NAMED]!r}, expected a file in the "
            "graph's own folder; export again"
        )
    if any(len(part.encode()) > _LONGEST_NAME for part in parts):
        raise GraphError(
            f"initialiser {tensor.name}: the name of its file, {name[:_NAMED]!r}..., has {len(name)} letters, "
            f"expected at most {_LONGEST_NAME}; export again"
        )
    return name


def absent_file(tensor: TensorProto, folder: Path) -> str | None:
    """Return the name of an external tensor's file if it is not there; None for every other tensor."""
    if tensor.data_location != TensorProto.EXTERNAL:
        return None
    name = external_file(tensor)
    return None if (folder / name).is_file() else name


def read_external(tensor: TensorProto, folder: Path) -> bytes:
    """Return the bytes of an external tensor: as many as its shape and type have, and no more.

    Raises:
        GraphError: its file is missing, not a regular file of the folder, or too short.
    """
    name, expected = external_file(tensor), stored_bytes(tensor)
    file, place = folder / name, f"initialiser {tensor.name}"
    if not file.is_file() or not file.resolve().is_relative_to(folder.resolve()):
        raise GraphError(f"{place}: its file {name} is missing beside the graph; put it there")
    offset, length = _number(tensor, "offset", 0), _number(tensor, "length", expected)
    size = file.stat().st_size
    if length != expected or offset + expected > size:
        raise GraphError(
            f"{place} {_shown(tensor)}: found {length} bytes from byte {offset} of {name}, which has {size}; "
            f"expected {expected} bytes; the file is damaged or of another graph"
        )
    try:
        with file.open("rb") as opened:
            opened.seek(offset)
            return opened.read(expected)
    except (OSError, MemoryError) as error:
        raise GraphError(f"{place}: {expected} bytes of {name} can't be read ({error})") from None


def load_external(model: onnx.ModelProto, folder: Path, *, skip_absent: bool = False) -> None:
    """Put the external weights into a model.

    Raises:
        GraphError: a file is missing (unless `skip_absent`) or damaged.
    """
    for tensor in stored_tensors(model.graph):
        if tensor.data_location != TensorProto.EXTERNAL or (skip_absent and absent_file(tensor, folder)):
            continue
        tensor.raw_data = read_external(tensor, folder)
        tensor.data_location = TensorProto.DEFAULT
        del tensor.external_data[:]


def _entry(tensor: TensorProto, key: str) -> str:
    return next((str(entry.value) for entry in tensor.external_data if entry.key == key), "")


def _number(tensor: TensorProto, key: str, default: int) -> int:
    text = _entry(tensor, key)
    if not text:
        return default
    if not (text.isascii() and text.isdecimal() and len(text) <= _LONGEST_NUMBER):
        raise GraphError(
            f"initialiser {tensor.name}: found {key} {text[:_NAMED]!r} of its weights, expected a number of bytes"
        )
    return int(text)
