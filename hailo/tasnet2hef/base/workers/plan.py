"""What is left of a run: which tasks may begin, and whose results others still need."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tasnet2hef.base.workers.tasks import Task


class Plan:
    """The tasks of a run, each once; one may begin when its inputs have their results."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self._tasks: dict[str, Task] = {}
        self._numbers: dict[str, int] = {}
        self._missing: dict[str, set[str]] = {}
        self._users: dict[str, set[str]] = defaultdict(set)
        self._ready: dict[frozenset[str], list[int]] = defaultdict(list)
        self._order: list[str] = []
        for task in tasks:
            self.add(task)

    def add(self, task: Task) -> None:
        """Add a task, unless its key is left; so must its inputs be."""
        key = task.key
        if key in self._tasks:
            return
        self._tasks[key], self._numbers[key], self._missing[key] = task, len(self._order), set(task.inputs)
        self._order.append(key)
        for each in task.inputs:
            self._users[each].add(key)
        if not task.inputs:
            self._offer(key)

    def drop(self, key: str) -> None:
        """Leave out a task whose result no other uses."""
        ready = self._ready[self._tasks[key].needs]
        if self._numbers[key] in ready:
            ready.remove(self._numbers[key])
            heapq.heapify(ready)
        self._end(key)

    @property
    def left(self) -> int:
        """How many tasks have not ended."""
        return len(self._tasks)

    @property
    def needs(self) -> set[frozenset[str]]:
        """What the tasks need that may begin now, each combination once."""
        return {needs for needs, numbers in self._ready.items() if numbers}

    def take(self, needs: frozenset[str], most: int) -> Iterator[Task]:
        """Yield the first tasks with these needs that may begin, ``most`` at most, and count them as begun."""
        while most > 0 and self._ready[needs]:
            yield self._tasks[self._order[heapq.heappop(self._ready[needs])]]
            most -= 1

    def is_needed(self, key: str) -> bool:
        """Return whether a task that has not ended uses this one's result."""
        return bool(self._users[key])

    def succeed(self, key: str) -> list[str]:
        """Count a task as ended; return its inputs that nothing needs any more."""
        for user in self._users[key]:
            self._missing[user].discard(key)
            if not self._missing[user]:
                self._offer(user)
        return self._end(key)

    def fail(self, key: str) -> tuple[list[str], list[str]]:
        """Count a task and all that use it as ended; return them, in their order, and inputs no longer needed."""
        ended, looking = {key}, [key]
        while looking:
            users = self._users[looking.pop()] - ended
            ended |= users
            looking += users
        unneeded = [each for one in ended for each in self._end(one)]
        return sorted(ended, key=self._numbers.__getitem__), [each for each in unneeded if each not in ended]

    def _offer(self, key: str) -> None:
        heapq.heappush(self._ready[self._tasks[key].needs], self._numbers[key])

    def _end(self, key: str) -> list[str]:
        inputs = set(self._tasks.pop(key).inputs)
        for each in inputs:
            self._users[each].discard(key)
        return [each for each in inputs if not self._users[each]]
