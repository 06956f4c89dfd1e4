"""Files written by ``torch.save``, or pickled by hand: .pt, .pth, .ckpt, .bin, .tar, .th; no code in them is run.

Formats: a zip of ``data.pkl`` and one member per storage (``torch/serialization.py``, torch 1.6 on), and before
that five pickles followed by the storages. Both are read here, not by ``torch.load``: its safe mode refuses a file
for a NumPy number or a path beside the weights, and its other mode runs what the file says.
"""

from __future__ import annotations

import io
import lzma
import os
import re
import struct
import zipfile
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import IO, Any, Final

import torch
from torch import Tensor

from tasnet2hef.base.errors import CheckpointError
from tasnet2hef.model.checkpoint.other_files import refuse_zip
from tasnet2hef.model.checkpoint.plain_pickle import Inert, Name, PickleError, read_pickle
from tasnet2hef.model.checkpoint.stored import RawCheckpoint

_ZIP: Final = b"PK\x03\x04"
# Protocol 2 and later; 1; 0: what a saved mapping, list or class begins with.
_PICKLE = re.compile(rb"\x80|[}\]]q\x00|\([dl]p\d+\n|c[A-Za-z_][\w.]*\n\w+\n(p\d+\n|q\x00|\()")
_MAGIC: Final = 0x1950A86A20F9469CFC6C
_DAMAGE = (
    PickleError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    RuntimeError,
    EOFError,
    ValueError,
    KeyError,
    MemoryError,
)
_LARGEST_PICKLE: Final = 256 * 2**20
_LARGEST_VALUE: Final = 4 * 2**30
_SHORT: Final = 2**20
_LARGEST_LINE: Final = 256 * 2**20
_MOST_INFLATED: Final = 20
_SMALL: Final = 2**16
_MOST_REPEATED: Final = 2**24
"""Numbers that tensors have beyond those of their storages: a stride of 0 repeats one any number of times."""
_DTYPES: Final = {
    "Double": torch.float64,
    "Float": torch.float32,
    "Half": torch.float16,
    "BFloat16": torch.bfloat16,
    "Long": torch.int64,
    "Int": torch.int32,
    "Short": torch.int16,
    "Char": torch.int8,
    "Byte": torch.uint8,
    "Bool": torch.bool,
    "ComplexFloat": torch.complex64,
    "ComplexDouble": torch.complex128,
    "Untyped": torch.uint8,
    "QInt8": torch.int8,
    "QUInt8": torch.uint8,
    "QInt32": torch.int32,
}
_UNSIGNED: Final = {"uint16": torch.uint16, "uint32": torch.uint32, "uint64": torch.uint64}


def claims(location: str) -> bool:
    """Return whether the file is a zip archive or a pickle; ``read`` checks its content."""
    path = Path(location)
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        head = stream.read(256)
    return head.startswith(_ZIP) or _PICKLE.match(head) is not None


def read(location: str) -> RawCheckpoint:
    """Read the file's values; classes that are not plain data come back inert."""
    path = Path(location)
    try:
        content = _read_zip(path) if _is_zip(path) else _read_pickle_file(path)
    except _DAMAGE as error:
        raise CheckpointError(
            f"{path}: found a damaged or truncated file ({_reason(error)}), expected one written by torch.save; "
            "copy or download it again"
        ) from error
    return RawCheckpoint(location, content, path)


def _reason(error: Exception) -> str:
    return str(error).partition("\n")[0][:80] or type(error).__name__


def _is_zip(path: Path) -> bool:
    try:
        return zipfile.is_zipfile(path)
    except zipfile.BadZipFile:  # a damaged end of an archive
        return True


def _read_zip(path: Path) -> Any:
    """Read a zip of ``torch.save``; a member whose checksum is wrong is an error."""
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, ValueError) as error:
        raise zipfile.BadZipFile(str(error)) from error
    with archive:
        names = archive.namelist()
        pickles = [name for name in names if name.rpartition("/")[2] == "data.pkl"]
        if not pickles or any(name.split("/")[1:2] == ["code"] for name in names):  # below the folder of the name
            refuse_zip(path, names)
        if archive.getinfo(pickles[0]).file_size > _LARGEST_PICKLE:
            raise PickleError(f"{pickles[0]} of {archive.getinfo(pickles[0]).file_size:,} bytes")
        size = sum(member.file_size for member in archive.infolist())
        if size > _MOST_INFLATED * max(path.stat().st_size, _SMALL):  # torch.save does not compress
            raise PickleError(f"{size:,} bytes in an archive of {path.stat().st_size:,}")
        damaged = archive.testzip()
        if damaged is not None:
            raise zipfile.BadZipFile(f"{damaged} has a wrong checksum")
        folder = pickles[0].removesuffix("data.pkl")
        if f"{folder}byteorder" in names and archive.read(f"{folder}byteorder") == b"big":
            raise PickleError("numbers in big-endian order")
        storages = _Storages(lambda key: archive.read(f"{folder}data/{key}"))
        return storages.read(io.BytesIO(archive.read(pickles[0])))


class _Bounded(io.BufferedReader):
    """A file of which no single value is longer than what is left of it."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _SHORT:
            left = os.fstat(self.fileno()).st_size - self.tell()
            if size > min(left, _LARGEST_VALUE):
                raise PickleError(f"a value of {size:,} bytes")
        return super().read(size)

    def readline(self, size: int | None = -1, /) -> bytes:
        return super().readline(_LARGEST_LINE if size is None or size < 0 else size)


def _read_pickle_file(path: Path) -> Any:
    with _Bounded(path.open("rb", buffering=0)) as stream:
        return _read_pickles(stream, path.stat().st_size)


def _read_pickles(stream: IO[bytes], size: int) -> Any:
    """Read the older format, or one pickle made by hand, from a file of ``size`` bytes."""
    first = _Storages(lambda key: b"").read(stream)
    if not isinstance(first, int) or first != _MAGIC:
        return first
    read_pickle(stream)  # the version of the format
    read_pickle(stream)  # sizes and byte order of the machine
    start = stream.tell()
    references: dict[str, _Storage] = {}
    _Storages(lambda key: b"", references).read(stream)
    keys = read_pickle(stream)
    if not isinstance(keys, list):
        raise PickleError("no list of its storages")
    raw = {str(key): _next_storage(stream, size, references.get(str(key))) for key in keys}
    stream.seek(start)
    return _Storages(lambda key: raw[key]).read(stream)


def _next_storage(stream: IO[bytes], most: int, storage: _Storage | None) -> bytes:
    (count,) = struct.unpack("<q", stream.read(8))
    if storage is None or count < 0:
        raise PickleError("storages that no tensor refers to")
    size = count * storage.dtype.itemsize
    if size > most:
        raise PickleError(f"a storage of {size:,} bytes, more than the file has")
    return stream.read(size)


@dataclass
class _Storage:
    """The numbers that tensors are views of."""

    dtype: torch.dtype
    values: Callable[[], Tensor]
    """Reads them, once: ``[number]``."""
    start: int = 0
    """Numbers before this view of the storage (files of torch 0.3 and before)."""


class _Storages:
    """A file's storages, and the makers of the tensors that view them."""

    def __init__(self, data: Callable[[str], bytes], references: dict[str, _Storage] | None = None) -> None:
        self._data, self._cache = data, {} if references is None else references
        self._is_survey = references is not None
        """The storages' bytes come later in the file: note the references only."""
        self._repeated = 0

    def read(self, stream: IO[bytes]) -> Any:
        return read_pickle(stream, self.builders(), self.by_reference)

    def by_reference(self, reference: Any) -> Any:
        """Resolve ``("storage", type, key, device, count[, view])``."""
        if not isinstance(reference, tuple) or reference[0] != "storage":
            return (
                reference[1] if isinstance(reference, tuple) and reference[0] == "module" else Inert("persistent")
            )
        _, kind, key, *rest = reference
        if not isinstance(key, (str, int)):
            raise PickleError("a storage without a name")
        name = kind.path.rpartition(".")[2].removesuffix("Storage") if isinstance(kind, Name) else ""
        if name not in _DTYPES:
            return Inert(f"torch.{name}Storage")
        if str(key) not in self._cache:
            dtype = _DTYPES[name]
            self._cache[str(key)] = _Storage(dtype, cache(lambda: _numbers(self._data(str(key)), dtype)))
        view = rest[2] if len(rest) > 2 else None
        storage = self._cache[str(key)]
        return storage if view is None else _Storage(storage.dtype, storage.values, int(view[1]))

    def builders(self) -> Mapping[str, Callable[[tuple[Any, ...]], Any]]:
        return {
            "torch._utils._rebuild_tensor": self._tensor,
            "torch._utils._rebuild_tensor_v2": self._tensor,
            "torch._utils._rebuild_tensor_v3": lambda given: self._tensor(given[:4], dtype=given[6]),
            "torch._utils._rebuild_parameter": lambda given: given[0],
            "torch._utils._rebuild_parameter_with_state": lambda given: given[0],
            "torch._tensor._rebuild_from_type_v2": lambda given: self._typed(*given[:3]),
            "torch.storage._load_from_bytes": lambda given: None if self._is_survey else _read_bytes(given[0]),
            "torch.storage.TypedStorage": lambda given: given[0],
        }

    def _typed(self, maker: Any, _: Any, arguments: Any) -> Any:
        build = self.builders().get(maker.path) if isinstance(maker, Name) else None
        return Inert("torch.Tensor", arguments) if build is None else build(arguments)

    def _tensor(self, given: tuple[Any, ...], dtype: Any = None) -> Any:
        storage, offset, size, stride = given[:4]
        if not isinstance(storage, _Storage) or self._is_survey:
            return Inert("torch.Tensor", given)
        values = storage.values()
        if isinstance(dtype, Name) and dtype.path.rpartition(".")[2] in _UNSIGNED:
            values = values.view(_UNSIGNED[dtype.path.rpartition(".")[2]])
        tensor: Tensor = values.as_strided(size, stride, offset + storage.start)
        self._repeated += max(0, tensor.numel() - values.numel())
        if self._repeated > _MOST_REPEATED:
            raise PickleError(f"tensors of {tensor.numel():,} numbers in a storage of {values.numel():,}")
        return tensor


def _read_bytes(data: bytes) -> Any:
    return _read_pickles(io.BytesIO(data), len(data))


def _numbers(data: bytes, dtype: torch.dtype) -> Tensor:
    return torch.frombuffer(bytearray(data), dtype=dtype) if data else torch.empty(0, dtype=dtype)
