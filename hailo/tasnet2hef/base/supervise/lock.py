"""One run per folder: a lock that refuses a second run, and that the kernel releases when its process ends."""

from __future__ import annotations

import fcntl
import json
import os
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
_MOST_CHARACTERS: Final = 4096


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
        handle = (folder / LOCK_NAME).open("a+", encoding="utf-8")
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
        return require_object(parse_json(handle.read(_MOST_CHARACTERS) or "{}"))
    except ValueError:  # its writer was killed while writing
        return {}


def _write(handle: TextIO, holder: dict[str, Any]) -> None:
    handle.seek(0)
    handle.truncate()
    json.dump(holder, handle)
    handle.flush()
