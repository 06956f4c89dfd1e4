"""Workers of a Dask cluster: processes of this machine, or those of a scheduler anywhere.

Dask moves arguments and results, and runs a task again whose process was lost. Nothing here is a protocol of ours.
"""

from __future__ import annotations

import importlib.metadata
import logging
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import dask
from distributed import Client, Future, LocalCluster, as_completed
from distributed.scheduler import KilledWorker

from tasnet2hef.base.errors import OptionError, RefusedError
from tasnet2hef.base.text import counted
from tasnet2hef.base.version import __version__
from tasnet2hef.base.workers.tasks import DFC, TORCH, Ended, Task, Workers, each_once
from tasnet2hef.base.workers.welcome import COMPILES, COMPUTING, OURS, Welcome, WorkerFacts, worker_facts

CONNECT_S: Final = 10.0
ALLOWED_FAILURES: Final = 1
"""Times that a task may lose its process before it is given up: once may be chance, twice is its memory."""
_WAIT_S: Final = 0.02
_LOOK_AROUND_S: Final = 5.0
_LOST_AFTER_S: Final = 120.0
"""How long a run waits without any worker."""
_SETTINGS: Final[Mapping[str, Any]] = {
    "distributed.scheduler.allowed-failures": ALLOWED_FAILURES,
    "distributed.comm.timeouts.connect": f"{CONNECT_S:g}s",
    "distributed.admin.large-graph-warning-threshold": "1GB",
}


@contextmanager
def local_cluster(processes: int, needs: Sequence[str], memory_bytes: int) -> Iterator[Workers]:
    """Yield processes of this machine, one thread each; where something is compiled, one more does that."""
    compiler = processes if DFC in needs else None
    total = processes + (compiler is not None)
    with _quiet(), dask.config.set(_SETTINGS):
        cluster = LocalCluster(
            n_workers=total,
            threads_per_worker=1,
            processes=True,
            memory_limit=memory_bytes or "auto",
            dashboard_address=None,
            scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # None alone is port 8787 for the whole network
            silence_logs=logging.CRITICAL,
        )
        with cluster, Client(cluster, set_as_default=False) as client:
            client.wait_for_workers(total, timeout=60)
            client.register_plugin(Welcome(compiler))
            yield DaskWorkers(client, f"by {counted(processes, 'worker')} on this machine", needs)


@contextmanager
def joined_cluster(address: str, needs: Sequence[str]) -> Iterator[Workers]:
    """Yield the workers of a scheduler.

    Raises:
        OptionError: see ``open_workers``.
    """
    with _quiet(), dask.config.set(_SETTINGS), _connected(address) as client:
        _require_same_dask(client, address)
        if not client.scheduler_info(n_workers=-1)["workers"]:
            raise OptionError(f"{_option(address)}: found a scheduler without workers, expected one at least")
        _require_same_version(client, address)
        client.register_plugin(Welcome())
        yield DaskWorkers(client, f"by the workers of {address}", needs)


class DaskWorkers:
    """The workers that a client reaches."""

    def __init__(self, client: Client, where: str, needs: Sequence[str]) -> None:
        self._client, self.where = client, where
        for need in needs:
            self._require(need)

    @property
    def size(self) -> int:
        """How many threads all workers have together."""
        return sum(int(each["nthreads"]) for each in self._workers().values())

    @contextmanager
    def shared(self, key: str, value: Any) -> Iterator[Future]:
        """Yield a future of the value, which Dask moves to each worker that runs a task with it, once."""
        future = self._client.submit(_itself, value, key=key, resources={OURS: 1})
        try:
            yield future
        finally:
            future.release()

    def run(self, tasks: Sequence[Task]) -> Generator[Ended, None, None]:
        """Yield each task when it ends; see ``Workers``."""
        started = time.monotonic()
        futures: dict[str, Future] = {}
        for task in each_once(tasks):
            futures[task.key] = self._client.submit(
                task.function,
                *task.arguments,
                *(futures[key] for key in task.inputs),
                key=task.key,
                resources=_resources(task),
            )
        try:
            for future in self._ended(list(futures.values())):
                yield _ended(future, time.monotonic() - started)
                del futures[future.key]
        finally:
            for future in futures.values():
                future.cancel()

    def _ended(self, futures: list[Future]) -> Iterator[Future]:
        """Yield futures as they end, and notice when no worker is left."""
        completed = as_completed(futures, loop=self._client.loop)
        seen = looked = time.monotonic()
        left = len(futures)
        while left:
            batch = completed.next_batch(block=False)
            yield from batch
            left -= len(batch)
            now = time.monotonic()
            if batch:
                seen = looked = now
            elif now - looked > _LOOK_AROUND_S:
                looked = now
                seen = now if self._workers() else seen
                if now - seen > _LOST_AFTER_S:
                    raise RefusedError(
                        f"cluster: found no worker for {_LOST_AFTER_S:.0f} s, expected one; what is finished is "
                        "kept: start workers, and run the same command again"
                    )
            else:
                time.sleep(_WAIT_S)

    def _workers(self) -> Mapping[str, Any]:
        try:
            found: Mapping[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        except (OSError, RuntimeError, ValueError):  # it is gone, or going
            return {}
        return found

    def _require(self, need: str) -> None:
        """Refuse what would wait for ever.

        Raises:
            OptionError: no worker has what tasks need.
        """
        resource = COMPILES if need == DFC else need
        have = sum(each["resources"].get(resource, 0) for each in self._workers().values())
        if have:
            return
        ways = {
            DFC: "start one beside the compiler with --resources DFC=1",
            TORCH: "start one in an environment with PyTorch (hailo/to-onnx-env), without --resources DFC=1",
        }
        raise OptionError(f"cluster: found no worker that has {need}, expected one; {ways[need]}")


def _itself(value: Any) -> Any:
    return value


def _resources(task: Task) -> dict[str, float]:
    if DFC in task.needs:
        return {DFC: 1, COMPILES: 1}
    return {OURS: 1, **({TORCH: 1} if TORCH in task.needs else {})}


def _ended(future: Future, seconds: float) -> Ended:
    if future.status == "finished":
        return Ended(future.key, future.result(), seconds=seconds)
    if future.status == "cancelled":
        return Ended(future.key, error=RefusedError("the cluster gave it up"), seconds=seconds)
    error = future.exception()
    if isinstance(error, KilledWorker):
        error = RefusedError(
            f"every process that ran it died ({error.allowed_failures + 1} times), most likely for want of memory"
        )
    return Ended(future.key, error=error, seconds=seconds)


def _option(address: str) -> str:
    return f"--scheduler {address}"


@contextmanager
def _connected(address: str) -> Iterator[Client]:
    try:
        client = Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError, TypeError, ImportError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:160]
        raise OptionError(
            f"{_option(address)}: found no scheduler that answers within {CONNECT_S:g} s ({reason}), expected one "
            "such as tcp://host:8786; start it with: dask scheduler"
        ) from error
    with client:
        yield client


def _require_same_dask(client: Client, address: str) -> None:
    """Refuse a scheduler of another version of Dask, which promises nothing between versions."""
    versions = client.get_versions()
    here = versions["client"]["packages"]["distributed"]
    there = (versions["scheduler"] or {"packages": {}})["packages"].get("distributed")
    if there != here:
        raise OptionError(
            f"{_option(address)}: found a scheduler of dask.distributed {there}, expected {here}, as here; "
            "install the same version in both"
        )


def _require_same_version(client: Client, address: str) -> None:
    """Refuse workers of another version of this package, and workers that would compute other last digits.

    Raises:
        OptionError: there is one; the message names it.
    """
    facts = client.run(worker_facts, on_error="return")
    for where, each in facts.items():
        if isinstance(each, WorkerFacts) and each.version == __version__:
            continue
        name, version = (str(each), each.version) if isinstance(each, WorkerFacts) else _told_by(client, where)
        raise OptionError(
            f"{_option(address)}: {name}: found tasnet2hef {version}, expected {__version__}, as here; install "
            "the same there, or stop that worker"
        )
    computing = [each for each in facts.values() if not each.compiles]
    for package in COMPUTING:
        versions = {each.packages.get(package): each for each in reversed(computing)}
        versions.pop(None, None)
        if len(versions) > 1:
            (one, at), (other, beside) = list(versions.items())[:2]
            raise OptionError(
                f"{_option(address)}: {at}: found {package} {one}, expected {other}, as {beside} has: results "
                "would depend on who computes them; install the same version in all"
            )


def _told_by(client: Client, where: str) -> tuple[str, str]:
    """Return a worker's name and version where it can't even say what it is."""
    version = client.run(importlib.metadata.version, "tasnet2hef", workers=[where], on_error="return")[where]
    name = client.scheduler_info(n_workers=-1)["workers"].get(where, {}).get("name", where)
    return f"worker {name}", "of another version" if isinstance(version, Exception) else str(version)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask's own log off the terminal: what matters of it is told by us."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client", "distributed.worker")]
    levels = [each.level for each in loggers]
    for each in loggers:
        each.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        for each, level in zip(loggers, levels, strict=True):
            each.setLevel(level)
