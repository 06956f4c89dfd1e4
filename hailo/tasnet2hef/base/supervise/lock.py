"""One run per folder: a lock that refuses a second run, and that the kernel releases when its process ends."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import stat
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.records import parse_json, require_object
from tasnet2hef.base.supervise.processes import stop_marked

LOCK_NAME: Final = "lock"
_LARGEST_BYTES: Final = 4096


@dataclass(frozen=True)
class RunLock:
    """A lock: ``token`` marks this run's processes; ``orphans`` counts those of a killed run that were stopped."""

    token: str
    orphans: int


@contextmanager
def locked(folder: Path) -> Iterator[RunLock]:
    """Lock a run's folder; stop the processes that a killed run left behind.

    Raises:
        OptionError: another run has locked the folder, or it can't be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = _opened(folder / LOCK_NAME)
    except OSError as error:
        raise OptionError(
            f"{folder}: can't be written ({error.strerror}); choose another place with -o"
        ) from error
    with handle:
        _take(handle, folder)
        earlier = _read(handle)
        orphans = stop_marked(str(earlier["token"])) if earlier.get("token") else 0
        token = uuid.uuid4().hex
        _write(handle, {"pid": os.getpid(), "token": token})
        try:
            yield RunLock(token, orphans)
        finally:
            _write(handle, {})


@contextmanager
def removed_if_refused(folder: Path) -> Iterator[None]:
    """Remove a folder that a block made if the block ends by refusing an option: nothing was run."""
    existed = folder.exists()
    try:
        yield
    except OptionError:
        if not existed:
            shutil.rmtree(folder, ignore_errors=True)
        raise


def _opened(path: Path) -> TextIO:
    """Open the lock's file; neither wait for a pipe nor follow a link to somebody's file."""
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK, 0o666)
    lock = os.fdopen(handle, "r+", encoding="utf-8")
    if not stat.S_ISREG(os.fstat(handle).st_mode) or not _is_lock(lock):
        lock.close()
        raise OptionError(
            f"{path}: found a file that is no lock of a run, expected none; choose another place with -o"
        )
    return lock


def _is_lock(handle: TextIO) -> bool:
    """Return whether a file is as one of ours: small, and empty or JSON, as far as its writer got."""
    return os.fstat(handle.fileno()).st_size <= _LARGEST_BYTES and handle.read(1) in ("", "{")


def _take(handle: TextIO, folder: Path) -> None:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = _read(handle).get("pid", "unknown")
        raise OptionError(
            f"{folder}: found another run at work there (process {holder}), expected none; wait for it, stop it, "
            "or give another -o"
        ) from error


def _read(handle: TextIO) -> dict[str, Any]:
    handle.seek(0)
    try:
        return require_object(parse_json(handle.read(_LARGEST_BYTES) or "{}"))
    except ValueError:  # its writer was killed while writing
        return {}


def _write(handle: TextIO, holder: dict[str, Any]) -> None:
    handle.seek(0)
    handle.truncate()
    json.dump(holder, handle)
    handle.flush()
