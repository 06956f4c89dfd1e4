"""Functions that tests hand to workers: each process imports them from here."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path
from typing import Any

from distributed import Worker, get_worker

LIMIT_S = 60.0
"""How long anything here waits before it fails."""


def nothing(*_inputs: Any) -> None:
    """End at once."""


def add(*numbers: int) -> int:
    return sum(numbers)


def fail(message: str) -> None:
    raise ValueError(message)


def worker_name(*_arguments: Any) -> str:
    return str(get_worker().name)


def process_id(*_arguments: Any) -> int:
    return os.getpid()


def wait_for(path: str) -> None:
    """Return when there is a file at ``path``."""
    end = time.monotonic() + LIMIT_S
    while not Path(path).exists():
        if time.monotonic() > end:
            raise TimeoutError(path)
        time.sleep(0.01)


def write(path: str, text: str) -> None:
    """Add a line to a file: lines of several processes don't mix."""
    with Path(path).open("a") as file:
        file.write(f"{text}\n")


def logged(log: str, gate: str = "", result: Any = None) -> Any:
    """Write this process and the worker's name to ``log``; wait for a file at ``gate``; return ``result``."""
    write(log, f"{os.getpid()} {get_worker().name}")
    if gate:
        wait_for(gate)
    return result


def meet(log: str, count: int, *_inputs: Any) -> str:
    """Return the worker's name when as many workers are in this call at once."""
    write(log, worker_name())
    end = time.monotonic() + LIMIT_S
    while len(set(Path(log).read_text().split())) < count:
        if time.monotonic() > end:
            raise TimeoutError(log)
        time.sleep(0.01)
    return worker_name()


def overlapping(log: str) -> None:
    """Write to ``log`` when the call begins and when it ends."""
    write(log, "begin")
    time.sleep(0.05)
    write(log, "end")


def die(*_arguments: Any) -> None:
    """End the process, and leave nobody time to ask why."""
    os.kill(os.getpid(), signal.SIGKILL)


def allocate(count: int) -> int:
    """Fill memory, and keep it for a while."""
    held = []
    for _ in range(0, count, 1 << 20):
        held.append(b"\1" * (1 << 20))
        time.sleep(0.001)
    time.sleep(2)
    return len(held)


def unpicklable() -> Any:
    """Return what can't leave its process."""
    return threading.Lock()


def same(value: Any) -> Any:
    return value


def length(number: int, value: bytes) -> int:
    return number + len(value)


def times_received(key: str, dask_worker: Worker) -> int:
    """Return how often a result came to a worker from another."""
    return sum(key in each["keys"] for each in dask_worker.transfer_incoming_log)
