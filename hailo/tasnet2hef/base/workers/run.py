"""One run of tasks on a cluster.

Only as many tasks are handed to Dask as the workers soon begin: when a process dies, Dask blames each that waits
for it. A task that Dask gives up was perhaps only beside the culprit: it gets a last try with nothing beside it.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import time
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import Any, Final

from distributed import Client, Future
from distributed.scheduler import KilledWorker

from tasnet2hef.base.errors import RefusedError
from tasnet2hef.base.workers.plan import Plan
from tasnet2hef.base.workers.slots import Slots, slots_of
from tasnet2hef.base.workers.tasks import DFC, TORCH, Ended, Task
from tasnet2hef.base.workers.welcome import COMPILES, OURS

_AHEAD: Final = 2
"""Tasks handed over for each place: one runs, one waits there. Compilations take too long to wait so."""
_LOOK_AROUND_S: Final = 2.0
_LOST_AFTER_S: Final = 120.0
"""How long a run waits without any worker that could do what is left."""


@dataclass(frozen=True, eq=False)
class _Flight:
    """A task that Dask has; ``fetched`` ends with its result, here."""

    task: Task
    future: Future
    fetched: concurrent.futures.Future[Any]
    started_s: float
    alone: bool


class Run:
    """One run; ``ended`` yields its tasks, and ``close`` gives up what is left. It is a ``Queue`` too."""

    def __init__(self, client: Client, tasks: Sequence[Task], slots: Slots) -> None:
        self._client, self._plan, self._slots = client, Plan(tasks), slots
        self._flying: dict[str, _Flight] = {}
        self._held: dict[str, Future] = {}
        self._suspects: deque[Task] = deque()
        self._landed: SimpleQueue[str] = SimpleQueue()
        self._untaken: deque[Ended] = deque()
        self._looked_s = self._served_s = time.monotonic()

    def ended(self) -> Iterator[Ended]:
        """Yield each task when it ends.

        Raises:
            RefusedError: the scheduler is gone, or no worker is left.
        """
        while self._plan.left:
            self._hand_over()
            flight = self._next()
            if flight is not None:
                yield from self._taken(flight)
                del flight  # with its result: the next may take hours

    @property
    def under_way(self) -> int:
        """How many tasks are neither taken nor given up."""
        return self._plan.left + len(self._untaken)

    def add(self, task: Task) -> None:
        """Add a task; it is handed over at once if there is a place."""
        self._plan.add(task)
        self._hand_over()

    def take(self, seconds: float) -> Ended | None:
        """Return a task that has ended; None where none has after a time.

        Raises:
            RefusedError: the scheduler is gone, or no worker is left.
        """
        if not self._untaken:
            self._hand_over()
            flight = self._next(seconds)
            if flight is not None:
                self._untaken += self._taken(flight)
        return self._untaken.popleft() if self._untaken else None

    def give_up(self, key: str) -> None:
        """Have a task not run, or its result dropped."""
        if key in self._flying:
            self._flying.pop(key).future.release()
        self._suspects = deque(each for each in self._suspects if each.key != key)
        self._plan.drop(key)

    def close(self) -> None:
        """Give up what Dask still has; what another client wants goes on."""
        for future in [*(flight.future for flight in self._flying.values()), *self._held.values()]:
            future.release()
        self._flying.clear()
        self._held.clear()

    def _hand_over(self) -> None:
        if any(flight.alone for flight in self._flying.values()):
            return
        for needs in self._plan.needs:
            flying = sum(flight.task.needs == needs for flight in self._flying.values())
            places = self._slots.fit(needs)
            for task in self._plan.take(needs, (places if DFC in needs else places * _AHEAD) - flying):
                self._submit(task)
        if self._suspects and not self._flying:
            self._submit(self._suspects.popleft(), alone=True)

    def _submit(self, task: Task, alone: bool = False) -> None:
        inputs = [self._held[key] for key in task.inputs]
        future = self._client.submit(
            task.function, *task.arguments, *inputs, key=task.key, resources=_resources(task), pure=True
        )
        fetched = asyncio.run_coroutine_threadsafe(_result(self._client, future), self._client.loop.asyncio_loop)
        self._flying[task.key] = _Flight(task, future, fetched, time.monotonic(), alone)
        fetched.add_done_callback(lambda _: self._landed.put(task.key))  # the flight itself would hold its result

    def _next(self, seconds: float = _LOOK_AROUND_S) -> _Flight | None:
        """Return a task that Dask has done with, if there is one soon."""
        if self._client.status != "running":
            raise _gone()
        try:
            flight = self._flying.get(self._landed.get(timeout=seconds))
        except Empty:
            flight = None
        if flight is not None and not flight.fetched.done():  # an earlier task of this key landed, given up before
            flight = None
        if flight is not None:
            self._served_s = time.monotonic()
        if time.monotonic() - self._looked_s > _LOOK_AROUND_S:
            self._look_around()
        return flight

    def _look_around(self) -> None:
        """Count the places anew; notice when none is left for what there is to do."""
        self._looked_s = time.monotonic()
        self._slots = slots_of(self._client)
        wanted = self._plan.needs | {
            each.needs for each in [*self._suspects, *(f.task for f in self._flying.values())]
        }
        if all(self._slots.fit(needs) for needs in wanted):
            self._served_s = self._looked_s
        elif self._looked_s - self._served_s > _LOST_AFTER_S:
            raise RefusedError(
                f"cluster: found no worker for what is left for {_LOST_AFTER_S:.0f} s, expected one; what is "
                "finished is kept: start workers, and run the same command again"
            )

    def _taken(self, flight: _Flight) -> Iterator[Ended]:
        """Yield the tasks that end with this one: none, where it is to be tried again."""
        del self._flying[flight.task.key]
        ended = _ended(flight)
        if ended is None:
            self._suspect(flight)
        elif ended.error is None:
            self._keep(flight)
            yield ended
        else:
            flight.future.release()
            keys, unneeded = self._plan.fail(flight.task.key)
            self._release(unneeded)
            yield from (Ended(key, error=ended.error, seconds=ended.seconds) for key in keys)

    def _suspect(self, flight: _Flight) -> None:
        reason = getattr(flight.fetched.exception(), "reason", "")
        if reason == "scheduler-connection-lost" or self._client.status != "running":
            raise _gone()
        flight.future.release()
        self._client.sync(asyncio.sleep, 0)  # the client forgets it behind this: else it would be given out again
        self._suspects.append(flight.task)

    def _keep(self, flight: _Flight) -> None:
        key = flight.task.key
        if self._plan.is_needed(key):
            self._held[key] = flight.future
        else:
            flight.future.release()
        self._release(self._plan.succeed(key))

    def _release(self, keys: Sequence[str]) -> None:
        for key in keys:
            if key in self._held:
                self._held.pop(key).release()


async def _result(client: Client, future: Future) -> Any:
    return await client.gather(future, asynchronous=True)


def _resources(task: Task) -> dict[str, float]:
    if DFC in task.needs:
        return {DFC: 1, COMPILES: 1}
    return {OURS: 1, **({TORCH: 1} if TORCH in task.needs else {})}


def _ended(flight: _Flight) -> Ended | None:
    """Return how a task ended; nothing where the reason may be another task, and a try alone will tell."""
    seconds = time.monotonic() - flight.started_s
    ended = partial(Ended, flight.task.key, seconds=seconds)
    error = flight.fetched.exception()
    if error is None:
        return ended(flight.fetched.result())
    its_own = flight.future.status == "error" and not isinstance(error, KilledWorker)
    if isinstance(error, Exception) and its_own:
        return ended(error=error)
    return ended(error=_given_up(error)) if flight.alone else None


def _given_up(error: BaseException) -> Exception:
    if isinstance(error, KilledWorker):
        return RefusedError(
            "every process that ran it died, also with nothing beside it: most likely for want of memory"
        )
    if isinstance(error, concurrent.futures.CancelledError):
        return RefusedError(
            "cluster: found it given up by another client, expected a result; run the same command again"
        )
    return RefusedError(f"its result did not reach this process: {' '.join(str(error).split())[:160]}")


def _gone() -> RefusedError:
    return RefusedError(
        "cluster: found the connection to the scheduler lost, expected it to stay; what is finished is kept: "
        "start the scheduler and its workers, and run the same command again"
    )
