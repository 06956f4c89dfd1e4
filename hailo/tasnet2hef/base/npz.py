"""Archives of arrays (``.npz``) from outside: members are counted, headers are held against the bytes."""

from __future__ import annotations

import io
import math
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tokenize import TokenError
from typing import IO, Any, Final, NamedTuple

import numpy as np
from numpy.lib import format as npy

from tasnet2hef.base.files import DAMAGED_ARCHIVE
from tasnet2hef.base.records import RecordError, shown

MOST_MEMBERS: Final = 10_000
MOST_TEXT_BYTES: Final = 2**22
_MOST_INFLATED: Final = 1_032
"""What deflate makes of a byte at most; other compressions make more, and NumPy writes none."""
_COMPRESSIONS: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_MOST_HEADER_BYTES: Final = 10_000
_MOST_AXES: Final = 32
_SUFFIX: Final = ".npy"


class ArrayHeader(NamedTuple):
    """Shape, type and order of an array."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    is_column_major: bool

    @property
    def size_bytes(self) -> int:
        """Bytes of its numbers."""
        return math.prod(self.shape) * self.dtype.itemsize


@contextmanager
def opened_npz(path: Path) -> Iterator[zipfile.ZipFile]:
    """Open an archive whose members are few, of different names, and no larger than the file can hold.

    Raises:
        RecordError: it is no such archive, or it proves damaged while it is read.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            _require_bounded(archive.infolist(), path.stat().st_size)
            yield archive
    except RecordError:
        raise
    except DAMAGED_ARCHIVE as error:
        raise RecordError(f"found {shown_reason(error)}, expected a whole .npz") from error


def shown_reason(error: BaseException) -> str:
    """Return an error of a library as a message shows it, with its class where it says nothing."""
    return shown(str(error), 120).strip("'\"") or type(error).__name__


def array_names(archive: zipfile.ZipFile) -> list[str]:
    """Return the names of an archive's arrays."""
    return [name.removesuffix(_SUFFIX) for name in archive.namelist() if name.endswith(_SUFFIX)]


def array_header(archive: zipfile.ZipFile, name: str) -> ArrayHeader:
    """Read an array's header.

    Raises:
        RecordError: it can't be read, or the archive holds fewer bytes than it says.
    """
    member = archive.getinfo(f"{name}{_SUFFIX}")
    with archive.open(member) as opened:
        header = read_header(opened, name)
        left = member.file_size - opened.tell()
    if header.size_bytes != left:
        raise RecordError(f"{shown(name)}: found {left:,} bytes, expected {header.size_bytes:,} by its header")
    return header


def read_header(opened: IO[bytes], name: str) -> ArrayHeader:
    """Read the header of an array, which begins what is ``opened``; its numbers are next.

    Raises:
        RecordError: it can't be read, or is of Python objects.
    """
    try:
        version = npy.read_magic(opened)
        length = opened.read(2 if version == (1, 0) else 4)
        if int.from_bytes(length, "little") > _MOST_HEADER_BYTES:
            raise RecordError(f"{shown(name)}: found a header of more than {_MOST_HEADER_BYTES:,} bytes")
        rest = io.BytesIO(length + opened.read(int.from_bytes(length, "little")))
        read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, is_column_major, dtype = read(rest)
    except RecordError:
        raise
    except (*DAMAGED_ARCHIVE, SyntaxError, TokenError, RecursionError) as error:
        raise RecordError(f"{shown(name)}: found no readable header ({shown_reason(error)})") from error
    if len(shape) > _MOST_AXES or any(type(size) is not int or size < 0 for size in shape):
        raise RecordError(f"{shown(name)}: shape: found {shown(str(shape))}, expected at most {_MOST_AXES} sizes")
    if dtype.hasobject:
        raise RecordError(f"{shown(name)}: found Python objects, expected numbers")
    return ArrayHeader(tuple(shape), dtype, bool(is_column_major))


def read_array(archive: zipfile.ZipFile, name: str) -> np.ndarray[Any, Any]:
    """Return an array of numbers or texts.

    Raises:
        RecordError: it is not there, or its header can't be read or does not fit its bytes.
    """
    if f"{name}{_SUFFIX}" not in archive.namelist():
        raise RecordError(f"{shown(name)}: found no such array, expected one")
    header = array_header(archive, name)
    content = archive.read(f"{name}{_SUFFIX}")
    numbers = np.frombuffer(content[len(content) - header.size_bytes :], header.dtype)
    return numbers.reshape(header.shape, order="F" if header.is_column_major else "C")


def read_text(archive: zipfile.ZipFile, name: str) -> str:
    """Return the text in an array of one text.

    Raises:
        RecordError: it is none, or longer than 4 MB.
    """
    header = array_header(archive, name)
    if header.shape or header.dtype.kind != "U" or not 0 < header.size_bytes <= MOST_TEXT_BYTES:
        raise RecordError(
            f"{shown(name)}: found {header.dtype.kind}{header.dtype.itemsize} of shape {list(header.shape)}, "
            f"expected one text of at most {MOST_TEXT_BYTES:,} bytes"
        )
    return str(read_array(archive, name))


def _require_bounded(members: list[zipfile.ZipInfo], file_bytes: int) -> None:
    if len(members) > MOST_MEMBERS:
        raise RecordError(f"found {len(members):,} members, expected at most {MOST_MEMBERS:,}")
    for name, count in Counter(member.filename for member in members).items():
        if count > 1:
            raise RecordError(f"{shown(name)}: found it {count} times, expected it once")
    for member in members:
        if member.compress_type not in _COMPRESSIONS:
            raise RecordError(
                f"{shown(member.filename)}: found compression {member.compress_type}, expected deflate"
            )
    size = sum(member.file_size for member in members)
    if size > _MOST_INFLATED * file_bytes:
        raise RecordError(f"found {size:,} bytes in an archive of {file_bytes:,}, expected fewer")
