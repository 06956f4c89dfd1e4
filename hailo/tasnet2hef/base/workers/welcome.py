"""What each worker of a cluster says of itself, and what it is given to do.

A worker gets the resource of this version of the package, which every task needs: one of another version, which
may join at any time, gets no task, and one that has not even this file ends as it joins. All of this runs on the
worker.
"""

from __future__ import annotations

import asyncio
import platform
import socket
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from distributed import Status, WorkerPlugin

from tasnet2hef.base.version import __version__, installed_versions
from tasnet2hef.base.workers.tasks import DFC, TORCH

if TYPE_CHECKING:
    from distributed import Worker

COMPUTING: Final = ("numpy", "onnx", "onnxruntime", "torch")
"""Packages on whose version the last digits of a result depend."""
OURS: Final = f"tasnet2hef-{__version__}"
"""The resource of a worker that computes."""
COMPILES: Final = f"tasnet2hef-{__version__}-compiles"
"""The resource of a worker that compiles."""
_ONE_AT_A_TIME: Final = asyncio.Lock()
"""A second client's welcome ends when the first one's has reached the scheduler, which the second asks then."""


@dataclass(frozen=True)
class WorkerFacts:
    """What a worker says of itself; ``packages`` are versions by name, ``compiles``: it was started with DFC=1."""

    name: str
    host: str
    version: str
    python: str
    packages: dict[str, str]
    compiles: bool

    @property
    def has_torch(self) -> bool:
        """Whether PyTorch is installed."""
        return TORCH in self.packages

    def __str__(self) -> str:
        """Return the worker's name for a message."""
        return f"worker {self.name} on {self.host}"


def worker_facts(dask_worker: Worker) -> WorkerFacts:
    """Return what a worker is; Dask gives the worker itself."""
    return WorkerFacts(
        str(dask_worker.name),
        socket.gethostname(),
        __version__,
        platform.python_version(),
        installed_versions(COMPUTING),
        DFC in dask_worker.state.total_resources,
    )


class Welcome(WorkerPlugin):  # type: ignore[misc]  # its base is not typed
    """Gives each worker its resources, also one that joins later or was started again.

    One that was started with ``DFC=1`` compiles and does nothing else. ``compiler`` is the name of a worker that
    gets it from us.
    """

    name = OURS

    def __init__(self, compiler: Any = None) -> None:
        self._compiler = compiler

    async def setup(self, worker: Worker) -> None:
        """Give a worker its resources, once: to set them again would reset what is in use of them."""
        async with _ONE_AT_A_TIME:
            await self._give(worker)

    async def _give(self, worker: Worker) -> None:
        held = worker.state.total_resources
        if OURS in held or COMPILES in held:
            return
        slots = worker.state.nthreads
        if self._compiler is not None and worker.name == self._compiler:
            await worker.set_resources(**{DFC: 1})
        if DFC in held:
            await worker.set_resources(**{COMPILES: slots})
        else:
            has_torch = find_spec("torch") is not None
            await worker.set_resources(**{OURS: slots, TORCH: slots if has_torch else 0})
        _look_again(worker)


def _look_again(worker: Worker) -> None:
    """Have the scheduler look at the tasks that wait for resources: it does when a worker begins to run."""
    if worker.status == Status.running:
        worker.status = Status.paused
        worker.status = Status.running
