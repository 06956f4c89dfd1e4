"""The processes of a run, identified by a token in their environment: measuring their memory, stopping them."""

from __future__ import annotations

import contextlib
import os
import signal
import uuid
from typing import Final

import psutil

TOKEN_VARIABLE: Final = "TASNET2HEF_RUN_TOKEN"
"""Environment variable that identifies every process of a run, whichever process started it."""


def branch_of(token: str) -> str:
    """Return a new token for a part of a run: its processes are those of the run too, but not of another part.

    >>> branch_of("run").startswith("run/")
    True
    """
    return f"{token}/{uuid.uuid4().hex}"


def marked(token: str) -> list[psutil.Process]:
    """Return the live processes of a run except this one: those started with its token, and their descendants.

    The processes of its parts (``branch_of``) are among them.
    """
    processes = []
    with contextlib.suppress(FileNotFoundError):  # no /proc here
        for pid in psutil.pids():
            with contextlib.suppress(psutil.Error, OSError):  # it has ended meanwhile, or belongs to another user
                process = psutil.Process(pid)
                found = process.environ().get(TOKEN_VARIABLE, "")
                if pid != os.getpid() and (found == token or found.startswith(f"{token}/")):
                    processes.append(process)
    return processes


def marked_bytes(token: str) -> int:
    """Return the resident memory of all processes of a run together."""
    resident_bytes = 0
    for process in marked(token):
        with contextlib.suppress(psutil.Error):
            resident_bytes += process.memory_info().rss
    return resident_bytes


def stop_marked(token: str) -> int:
    """Kill the processes of a run, in any session; return how many there were."""
    processes = marked(token)
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()
    return len(processes)


def stop_group(leader: int) -> None:
    """Kill a process that leads a group, and its group."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
