"""What a task can learn of the worker that runs it: its name, and whether its result is still wanted."""

from __future__ import annotations

import socket
import sys
from typing import Any


class GivenUpError(Exception):
    """The run that a task belongs to no longer waits for it; never reaches the user."""


def worker_name() -> str:
    """Return the name of the worker that runs the calling task, as ``worker 1 on host``.

    >>> worker_name()
    'this process'
    """
    worker = _worker()
    return "this process" if worker is None else f"worker {worker.name} on {socket.gethostname()}"


def stop_if_given_up() -> None:
    """Raise in a task that was given up: a thread can't be stopped from outside.

    Raises:
        GivenUpError: it was.
    """
    worker = _worker()
    if worker is None:
        return
    task = worker.state.tasks.get(worker.get_current_task())
    if task is None or task.state == "cancelled":
        raise GivenUpError


def _worker() -> Any:
    """Return Dask's worker; None outside of a task, and where Dask was never imported."""
    if "distributed" not in sys.modules:
        return None
    from distributed import get_worker

    try:
        return get_worker()
    except ValueError:
        return None
