"""Tasks, how they end, and the worker that is always there: this process."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Generator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Final, Protocol

TORCH: Final = "torch"
"""What a task needs that runs PyTorch."""
DFC: Final = "DFC"
"""What a task needs that runs the vendor's compiler; workers with it are started with ``--resources DFC=1``."""


@dataclass(frozen=True, eq=False)
class Task:
    """A call of ``function``, which any process can import, with ``arguments`` and then its inputs' results.

    ``inputs`` are keys of tasks that come before it in the same run. ``needs``: ``TORCH``, ``DFC`` or both. A key
    is a word, a hyphen and a digest: Dask learns how long tasks of one word take.
    """

    key: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...] = ()
    inputs: tuple[str, ...] = ()
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, eq=False)
class Ended:
    """A task's result, or the error by which it or one of its inputs ended; a lost process is an error too."""

    key: str
    result: Any = None
    error: Exception | None = None
    seconds: float = 0.0
    """Time from the submission to the result."""


class Queue(Protocol):
    """Tasks under way, to which others are added while they run."""

    @property
    def under_way(self) -> int:
        """How many are neither taken nor given up."""

    def add(self, task: Task) -> None:
        """Begin a task, unless its key is under way; so must its inputs be."""

    def take(self, seconds: float) -> Ended | None:
        """Return a task that has ended, which is then no longer under way; None where none has after a time.

        Raises:
            RefusedError: the cluster is gone.
        """

    def give_up(self, key: str) -> None:
        """Have a task not run, or its result dropped; one at work is told by ``here.stop_if_given_up``."""

    def close(self) -> None:
        """Give up all that are left."""


class Workers(Protocol):
    """Runs tasks."""

    @property
    def where(self) -> str:
        """Where tasks run, in words."""

    def shared(self, key: str, value: Any) -> AbstractContextManager[Any]:
        """Yield what tasks take as an argument in place of ``value``, which each worker is then given once.

        ``key`` is a digest of the value. It holds for all runs until the end of the context.
        """

    def run(self, tasks: Sequence[Task]) -> Generator[Ended, None, None]:
        """Yield each task when it ends, in any order; closing the generator gives up those that are left.

        Raises:
            OptionError: no worker has what a task needs.
            RefusedError: the cluster is gone.
        """

    def slots(self, needs: frozenset[str] = frozenset()) -> int:
        """Return how many tasks with these needs are run side by side now; 0: one would wait for ever."""

    def queue(self) -> Queue:
        """Return a queue without tasks; whoever takes it closes it."""


class InProcess:
    """Runs one task after the other in this process."""

    where = "in this process, one after the other"

    def shared(self, key: str, value: Any) -> AbstractContextManager[Any]:
        """Yield the value itself."""
        return nullcontext(value)

    def run(self, tasks: Sequence[Task]) -> Generator[Ended, None, None]:
        """Yield each task when it has ended, in the order given; results are kept while another needs them."""
        users = Counter(key for task in each_once(tasks) for key in task.inputs)
        kept: dict[str, Ended] = {}
        for task in each_once(tasks):
            ended = _called(task, [kept[key] for key in task.inputs])
            for key in task.inputs:
                users[key] -= 1
                if not users[key]:
                    del kept[key]
            if users[task.key]:
                kept[task.key] = ended
            yield ended

    def slots(self, needs: frozenset[str] = frozenset()) -> int:
        """Return 1: whether this process has what a task needs is seen when it runs."""
        return 1

    def queue(self) -> OneByOne:
        """Return an empty queue."""
        return OneByOne()


class OneByOne:
    """A queue of which each task is run when one is taken, in the order in which they were added."""

    def __init__(self) -> None:
        self._tasks: dict[str, Task] = {}
        self._results: dict[str, Ended] = {}

    @property
    def under_way(self) -> int:
        """Return how many are neither taken nor given up."""
        return len(self._tasks)

    def add(self, task: Task) -> None:
        """Put a task at the end."""
        self._tasks.setdefault(task.key, task)

    def take(self, seconds: float) -> Ended | None:
        """Run the first task, however long it takes; None where there is none."""
        if not self._tasks:
            return None
        task = self._tasks.pop(next(iter(self._tasks)))
        ended = _called(task, [self._results[key] for key in task.inputs])
        if any(task.key in other.inputs for other in self._tasks.values()):
            self._results[task.key] = ended
        return ended

    def give_up(self, key: str) -> None:
        """Have a task not run."""
        self._tasks.pop(key, None)

    def close(self) -> None:
        """Give up all that are left."""
        self._tasks.clear()


def each_once(tasks: Sequence[Task]) -> list[Task]:
    """Return the tasks in their order, the first of each key.

    >>> [task.key for task in each_once([Task("b", len), Task("a", len), Task("b", len)])]
    ['b', 'a']
    """
    first: dict[str, Task] = {}
    for task in tasks:
        first.setdefault(task.key, task)
    return list(first.values())


def _called(task: Task, inputs: Sequence[Ended]) -> Ended:
    started = time.perf_counter()
    for each in inputs:
        if each.error is not None:
            return Ended(task.key, error=each.error)
    try:
        result = task.function(*task.arguments, *(each.result for each in inputs))
    except Exception as error:
        return Ended(task.key, error=error, seconds=time.perf_counter() - started)
    return Ended(task.key, result, seconds=time.perf_counter() - started)


def results_of(workers: Workers, tasks: Sequence[Task]) -> dict[str, Any]:
    """Run tasks of which each must succeed; return the results by key.

    Raises:
        Exception: that of the first task that failed; the others are given up.
    """
    results = {}
    running = workers.run(tasks)
    try:
        for ended in running:
            if ended.error is not None:
                raise ended.error
            results[ended.key] = ended.result
    finally:
        running.close()
    return results
