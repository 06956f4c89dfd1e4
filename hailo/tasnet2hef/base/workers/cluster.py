"""Workers of a Dask cluster: processes of this machine, or those of a scheduler anywhere.

Dask moves arguments and results, and runs a task again whose process was lost. Nothing here is a protocol of ours.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

import dask
from distributed import Client, Future, LocalCluster

from tasnet2hef.base.errors import RefusedError
from tasnet2hef.base.text import counted
from tasnet2hef.base.workers.interrupts import interrupts_held
from tasnet2hef.base.workers.joining import CONNECT_S, connected, require_fitting
from tasnet2hef.base.workers.run import Run
from tasnet2hef.base.workers.slots import asked, slots_of
from tasnet2hef.base.workers.tasks import DFC, Ended, Task, Workers
from tasnet2hef.base.workers.welcome import OURS, Welcome

ALLOWED_FAILURES: Final = 0
"""Times that a task may lose its process before it is tried alone: once may be chance, twice is its memory."""
_START_S: Final = 60.0
_END_S: Final = 0.5
_SETTINGS: Final[Mapping[str, Any]] = {
    "distributed.scheduler.allowed-failures": ALLOWED_FAILURES,
    "distributed.comm.timeouts.connect": f"{CONNECT_S:g}s",
    "distributed.admin.large-graph-warning-threshold": "1GB",
    # A worker that is paused for memory that nothing frees would wait for ever; at the limit it is started anew.
    "distributed.worker.memory.pause": False,
}
_SILENT: Final = logging.CRITICAL + 1


@contextmanager
def local_cluster(processes: int, needs: Sequence[str], memory_bytes: int) -> Iterator[Workers]:
    """Yield processes of this machine, one thread each; where something is compiled, one more does that.

    Raises:
        RefusedError: they don't start.
    """
    compiler = processes if DFC in needs else None
    total = processes + (compiler is not None)
    with _quiet(), dask.config.set(_SETTINGS), _started(total, memory_bytes, Welcome(compiler)) as client:
        yield DaskWorkers(client, f"by {counted(processes, 'worker')} on this machine", needs)


@contextmanager
def joined_cluster(address: str, needs: Sequence[str]) -> Iterator[Workers]:
    """Yield the workers of a scheduler.

    Raises:
        OptionError: see ``open_workers``.
    """
    with _quiet(), dask.config.set(_SETTINGS), connected(address) as client:
        require_fitting(client, address)
        asked(client, client.register_plugin, Welcome())
        yield DaskWorkers(client, f"by the workers of {address}", needs)


class DaskWorkers:
    """The workers that a client reaches."""

    def __init__(self, client: Client, where: str, needs: Sequence[str]) -> None:
        self._client, self.where, self._known = client, where, slots_of(client)
        for need in needs:
            self._known.require(frozenset({need}))

    @contextmanager
    def shared(self, key: str, value: Any) -> Iterator[Future]:
        """Yield a future of the value, which Dask moves to each worker that runs a task with it, once."""
        future = self._client.submit(_itself, value, key=key, resources={OURS: 1}, pure=True)
        try:
            yield future
        finally:
            future.release()

    def run(self, tasks: Sequence[Task]) -> Generator[Ended, None, None]:
        """Yield each task when it ends; see ``Workers``."""
        _require_importable(tasks)
        slots = slots_of(self._client)
        self._known = self._known.or_more(slots)  # those that were here once are perhaps about to start again
        for needs in {task.needs for task in tasks}:
            self._known.require(needs)
        run = Run(self._client, tasks, slots)
        try:
            yield from run.ended()
        finally:
            run.close()

    def slots(self, needs: frozenset[str] = frozenset()) -> int:
        """Return how many tasks with these needs are run side by side now."""
        return slots_of(self._client).fit(needs)

    def queue(self) -> Run:
        """Return a run without tasks, to which they are added."""
        return Run(self._client, (), slots_of(self._client))


def _itself(value: Any) -> Any:
    return value


def _require_importable(tasks: Sequence[Task]) -> None:
    """Refuse a function that Dask would send by its code, which no other version of Python could run."""
    for function in {task.function for task in tasks}:
        module, name = getattr(function, "__module__", None), getattr(function, "__qualname__", "<")
        if module in (None, "__main__") or "<" in name:
            raise TypeError(
                f"task: found {function!r}, expected a function that any process can import from a module"
            )


@contextmanager
def _started(total: int, memory_bytes: int, welcome: Welcome) -> Iterator[Client]:
    with ExitStack() as started:
        try:
            with interrupts_held():
                cluster = started.enter_context(_new_cluster(total, memory_bytes))
                client = started.enter_context(Client(cluster, set_as_default=False))
                started.callback(cluster.sync, _end_processes, cluster)
                _wait_for_workers(client, total)
                asked(client, client.register_plugin, welcome)
            yield client
        finally:
            with interrupts_held():
                started.close()


def _new_cluster(total: int, memory_bytes: int) -> LocalCluster:
    try:
        return LocalCluster(
            n_workers=total,
            threads_per_worker=1,
            processes=True,
            memory_limit=memory_bytes or "auto",
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # None alone is port 8787 for the whole network
            silence_logs=_SILENT,
        )
    except (OSError, RuntimeError, TimeoutError, asyncio.TimeoutError) as error:
        raise _not_started(total, str(error)) from error


def _wait_for_workers(client: Client, total: int) -> None:
    try:
        client.wait_for_workers(total, timeout=_START_S)
    except (TimeoutError, asyncio.TimeoutError) as error:
        raise _not_started(total, f"not all within {_START_S:g} s") from error


async def _end_processes(cluster: LocalCluster) -> None:
    """End the processes soon, whatever they do: Dask alone gives each task four seconds."""
    await asyncio.gather(
        *(nanny.close(timeout=_END_S) for nanny in cluster.workers.values()), return_exceptions=True
    )


def _not_started(total: int, reason: str) -> RefusedError:
    return RefusedError(
        f"cluster: found that {counted(total, 'worker')} did not start here ({' '.join(reason.split())[:160]}), "
        "expected them to; ask for fewer, and in a program of your own open them under: "
        'if __name__ == "__main__"'
    )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's own log off the terminal: what matters of it is told by us."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client", "distributed.worker")]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(_SILENT)
    try:
        yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)
