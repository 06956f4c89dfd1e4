"""Files written under a temporary name and renamed, so that none is left half-written; digests; what a file is."""

from __future__ import annotations

import hashlib
import lzma
import os
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tasnet2hef.base.errors import OptionError

_BLOCK: Final = 1 << 20
"""Bytes read at once for a digest."""

NOT_DOWNLOADED: Final = (
    (b"version https://git-lfs", "a Git LFS pointer, not the file itself", "run git lfs pull"),
    (b"<!DOCTYPE", "a web page", "download the file itself, not the page about it"),
    (b"<html", "a web page", "download the file itself, not the page about it"),
)
"""First bytes of what stands in place of a file, what it is, what to do."""

DAMAGED_ARCHIVE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    ValueError,
    TypeError,
    KeyError,
    MemoryError,
    NotImplementedError,
    RuntimeError,
)
"""What reading a damaged archive of arrays (``.npz``) raises, besides wrong shapes: also for a compression that is
unknown here, a password, and sizes beyond any memory."""

_NO_GRAPHS: Final = (
    *NOT_DOWNLOADED,
    *(
        (start, "a PyTorch checkpoint or another archive", "make a graph of it with tasnet2hef convert")
        for start in (b"PK\x03\x04", b"\x80\x02")
    ),
)


def require_writable(path: Path) -> None:
    """Check, before long work, that its result can be written to ``path`` afterwards.

    Raises:
        OptionError: it is a folder, or the nearest folder that exists can't be written.
    """
    if path.is_dir():
        raise OptionError(f"{path}: is a folder; give the name of a file")
    nearest = next(parent for parent in path.absolute().parents if parent.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK):
        raise OptionError(f"{path}: can't be written in {nearest}; choose another place with -o")


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Yield a temporary path in ``path``'s folder; rename it to ``path`` on success, remove it otherwise.

    The folder is created if it is missing.

    Raises:
        OptionError: ``path`` can't be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise OptionError(f"{path}: is a folder; give the name of a file")
        handle, name = tempfile.mkstemp(prefix=f".{path.stem}.", suffix=path.suffix, dir=path.parent)
    except OSError as error:
        raise OptionError(f"{path}: can't be written ({error.strerror}); choose another place with -o") from error
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        mask = os.umask(0)
        os.umask(mask)
        temporary.chmod(0o666 & ~mask)
        os.replace(temporary, path)
    except OSError as error:
        raise OptionError(f"{path}: can't be written ({error.strerror}); choose another place with -o") from error
    finally:
        temporary.unlink(missing_ok=True)


def digest_of_file(path: Path) -> str:
    """Return the SHA-256 of a file, read block by block, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as opened:
        while block := opened.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def digest_of_bytes(content: bytes) -> str:
    """Return the SHA-256 of ``content`` in hexadecimal.

    >>> digest_of_bytes(b"")[:8]
    'e3b0c442'
    """
    return hashlib.sha256(content).hexdigest()


def other_content(file: bytes | Path) -> str | None:
    """Return what a file is, and what to do, if its first bytes say that it is no graph; else None.

    >>> other_content(b"version https://git-lfs.github.com/spec/v1")
    'a Git LFS pointer, not the file itself; run git lfs pull'
    """
    if isinstance(file, Path):
        try:
            with file.open("rb") as opened:
                file = opened.read(64)
        except OSError:
            return None
    return next((f"{kind}; {advice}" for start, kind, advice in _NO_GRAPHS if file.startswith(start)), None)
