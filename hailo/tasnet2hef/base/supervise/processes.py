"""The processes of a stage, read from ``/proc``: their memory, and who is left when one must be stopped."""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TOKEN_VARIABLE: Final = "TASNET2HEF_RUN_TOKEN"
"""Environment variable by which every process of a run is known, whoever started it."""
_PROC: Final = Path("/proc")
_CONTAINER_LIMIT: Final = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class ProcessEntry:
    """One process; ``resident_bytes`` is what it holds in memory."""

    pid: int
    resident_bytes: int


def processes() -> Iterator[ProcessEntry]:
    """Go through the processes of this machine; none where there is no ``/proc``."""
    for folder in _PROC.glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError, IndexError):  # it ended while we looked
            fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
            if fields[0] != "Z":
                pages = int(fields[21])
                yield ProcessEntry(int(folder.name), pages * os.sysconf("SC_PAGE_SIZE"))


def marked(token: str) -> list[ProcessEntry]:
    """Return the processes of a run: those started with its mark, and all that these started."""
    wanted = f"{TOKEN_VARIABLE}={token}".encode()
    return [entry for entry in processes() if entry.pid != os.getpid() and wanted in _environment(entry.pid)]


def marked_bytes(token: str) -> int:
    """Return the memory that the processes of a run hold together."""
    return sum(entry.resident_bytes for entry in marked(token))


def stop_marked(token: str) -> int:
    """Kill the processes of a run, in whatever session they are; return how many there were."""
    found = marked(token)
    for entry in found:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(entry.pid, signal.SIGKILL)
    return len(found)


def stop_group(leader: int) -> None:
    """Kill a process that leads a group, and its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)


def memory_bytes() -> int:
    """Return the memory of this machine, or of the container that we are in."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(physical, int(_CONTAINER_LIMIT.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return physical


def _environment(pid: int) -> list[bytes]:
    try:
        return (_PROC / str(pid) / "environ").read_bytes().split(b"\0")
    except OSError:
        return []
