"""Part files: what is being written, under a name that a later run knows, and removes once its writer is dead.

The writer holds a lock (``flock``) on its part for as long as it works. The kernel releases it with the process,
however that ends: a part whose lock can be taken belongs to nobody. Unlike a process id, that also holds between
containers that share a folder. Where a file system has no locks, no part is removed.
"""

from __future__ import annotations

import fcntl
import os
import re
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_NAME: Final = re.compile(r"\.tasnet2hef-[0-9a-f]{16}\.part(\.[A-Za-z0-9]{1,8})?")
"""Never longer than 50 bytes, whatever the target is called: a file system allows 255."""
_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY


@contextmanager
def part_file(folder: Path, suffix: str) -> Iterator[Path]:
    """Yield a new, empty file in ``folder``; remove it in the end, and before that those that dead runs left.

    Raises:
        OSError: it can't be made.
    """
    with _part(folder, suffix, lambda path: os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600)) as path:
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)


@contextmanager
def scratch_folder(folder: Path) -> Iterator[Path]:
    """Yield a new folder in ``folder`` for intermediate results; see ``part_file``."""

    def make(path: Path) -> int:
        while True:
            path.mkdir(mode=0o700)
            with suppress(FileNotFoundError):  # another process's sweep came between the two
                return os.open(path, _FOLDER)

    with _part(folder, "", make) as path:
        try:
            yield path
        finally:
            shutil.rmtree(path, ignore_errors=True)


@contextmanager
def _part(folder: Path, suffix: str, make: Callable[[Path], int]) -> Iterator[Path]:
    _sweep(folder)
    handle, path = _claimed(folder, suffix, make)
    try:
        yield path
    finally:
        os.close(handle)


def _claimed(folder: Path, suffix: str, make: Callable[[Path], int]) -> tuple[int, Path]:
    """Make and lock a part; another one where a sweep came between the two."""
    while True:
        name = f".tasnet2hef-{secrets.token_hex(8)}.part{suffix}"
        path = folder / (name if _NAME.fullmatch(name) else name.removesuffix(suffix))
        handle = make(path)
        with suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        if path.exists():
            return handle, path
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Remove the parts of dead runs; none where the folder may not be listed."""
    with suppress(PermissionError):
        for name in os.listdir(folder):
            if _NAME.fullmatch(name):
                _remove_if_dead(folder / name)


def _remove_if_dead(path: Path) -> None:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:  # gone, or of another user
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        status = os.fstat(handle)
        if stat.S_ISDIR(status.st_mode):
            shutil.rmtree(path, ignore_errors=True)
        elif stat.S_ISREG(status.st_mode) and status.st_nlink == 1:
            path.unlink()
    except OSError:  # its writer lives, or it is of another user
        return
    finally:
        os.close(handle)
