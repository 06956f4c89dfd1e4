"""Files written under a temporary name and renamed, so that none is left half-written; digests; what a file is."""

from __future__ import annotations

import hashlib
import lzma
import os
import shlex
import stat
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.part_files import part_file

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
    OverflowError,
    NotImplementedError,
    RuntimeError,
)
"""What reading a damaged archive of arrays (``.npz``) raises, besides wrong shapes: also for a compression that is
unknown here, a password, and sizes beyond any memory."""

_NO_GRAPHS: Final = (
    *NOT_DOWNLOADED,
    *(
        (start, "audio", "the graph comes first: tasnet2hef separate GRAPH.onnx {}")
        for start in (b"RIFF", b"RF64", b"fLaC", b"OggS", b"ID3")
    ),
    (b"\x01HEF", "a HEF, compiled already", "run it on the device: tasnet2hef separate {} RECORDING.wav"),
    (b"\x80\x02", "a PyTorch checkpoint", "make a graph of it: tasnet2hef convert {}"),
)
"""First bytes of what is given for a graph, what it is, and what to do with the file ``{}``."""
_ARCHIVE: Final = b"PK\x03\x04"
_ARRAY: Final = b".npy"
"""In the first bytes of an archive of NumPy arrays; a checkpoint of PyTorch is another kind of archive."""

_KINDS: Final = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISLNK, "a symbolic link to itself"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
    (stat.S_ISFIFO, "a pipe"),
    (stat.S_ISSOCK, "a socket"),
)
"""What can lie where a file would be written."""


def followed(path: Path) -> Path:
    """Return where a file is written: what ``path`` points to if it is a symbolic link, else ``path``."""
    return Path(os.path.realpath(path)) if path.is_symlink() else path


def kind_of(path: Path) -> str:
    """Return what lies at ``path`` if it is not a regular file: ``a folder``, ``a device``; else nothing.

    >>> kind_of(Path("/dev/null"))
    'a device'
    """
    try:
        mode = os.lstat(path).st_mode
    except (FileNotFoundError, NotADirectoryError):
        return ""
    return next((name for is_kind, name in _KINDS if is_kind(mode)), "")


def require_writable(path: Path) -> None:
    """Check, before long work, that its result can be written to ``path`` afterwards.

    Raises:
        OptionError: something other than a regular file is there, or one without write permission, or the nearest
            folder that exists can't be written.
    """
    try:
        target = followed(path)
        _require_file(path, target)
        if target.exists() and not os.access(target, os.W_OK):
            raise OptionError(
                f"{path}: found a file without write permission; choose another place with -o, or change it"
            )
        nearest = next(parent for parent in target.absolute().parents if parent.exists())
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise _unwritable(path, error) from error
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise OptionError(f"{path}: can't be written in {nearest}; choose another place with -o")


@contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Yield a temporary path in ``path``'s folder; rename it to ``path`` on success, remove it otherwise.

    The folder is created if it is missing. A symbolic link is kept: what it points to is replaced, with the
    permissions that it has.

    Raises:
        OptionError: ``path`` can't be written, or is neither missing nor a regular file.
    """
    try:
        target = followed(path)
        _require_file(path, target)
        target.parent.mkdir(parents=True, exist_ok=True)
        with part_file(target.parent, target.suffix) as part:
            yield part
            part.chmod(_permissions(target))
            _require_file(path, target)
            os.replace(part, target)
    except OSError as error:
        raise _unwritable(path, error) from error


def _require_file(path: Path, target: Path) -> None:
    """Refuse what a file must not replace; ``target`` is where ``path`` leads."""
    if kind := kind_of(target):
        raise OptionError(f"{path}: is {kind}; give the name of a file")


def _permissions(path: Path) -> int:
    """Return those of the file that is replaced, or those that a new file gets."""
    if path.exists():
        return stat.S_IMODE(path.stat().st_mode)
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask


def _unwritable(path: Path, error: Exception) -> OptionError:
    reason = (error.strerror if isinstance(error, OSError) else "") or str(error)
    return OptionError(f"{path}: can't be written ({reason}); choose another place with -o")


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


def other_content(file: bytes | Path, name: str | Path = "FILE") -> str | None:
    """Return what a file is, and what to do, if its first bytes say that it is no graph; else None.

    ``name`` is the file's, for a command that takes it.

    >>> other_content(b"version https://git-lfs.github.com/spec/v1")
    'a Git LFS pointer, not the file itself; run git lfs pull'
    >>> other_content(b"RIFF", "mixture.wav")
    'audio; the graph comes first: tasnet2hef separate GRAPH.onnx mixture.wav'
    """
    if isinstance(file, Path):
        try:
            with file.open("rb") as opened:
                file = opened.read(64)
        except OSError:
            return None
    kinds = (*_NO_GRAPHS, (_ARCHIVE, *_archive(file)))
    found = next(((kind, advice) for start, kind, advice in kinds if file.startswith(start)), None)
    return None if found is None else f"{found[0]}; {found[1].replace('{}', shlex.quote(str(name)))}"


def _archive(head: bytes) -> tuple[str, str]:
    """Return what an archive is, and what to do."""
    if _ARRAY in head[:64]:
        return "an archive of arrays, such as a calibration set", "the graph comes first, then {}"
    return "a PyTorch checkpoint or another archive", "make a graph of it: tasnet2hef convert {}"
