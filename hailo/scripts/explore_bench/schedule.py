"""A plain simulation of workers: each takes the first step that is ready, and handing it out costs nothing."""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from tasnet2hef.base.workers import Task


def makespan_s(
    tasks: Sequence[Task], seconds: Mapping[str, float], workers: int, tasks_per_s: float = math.inf
) -> float:
    """Return when the last task ends; at most ``tasks_per_s`` are handed out.

    >>> makespan_s([Task("a", len), Task("b", len, inputs=("a",)), Task("c", len)], {"a": 1, "b": 1, "c": 3}, 2)
    3.0
    """
    missing = {task.key: len(task.inputs) for task in tasks}
    users, order = defaultdict(list), {task.key: number for number, task in enumerate(tasks)}
    for task in tasks:
        for key in task.inputs:
            users[key].append(task.key)
    ready = [(order[key], key) for key, count in missing.items() if not count]
    running: list[tuple[float, str]] = []
    now = next_s = 0.0
    while ready or running:
        while ready and len(running) < workers:
            start = max(now, next_s)
            next_s = start + 1 / tasks_per_s
            key = heapq.heappop(ready)[1]
            heapq.heappush(running, (start + seconds[key], key))
        now, ended = heapq.heappop(running)
        for key in users[ended]:
            missing[key] -= 1
            if not missing[key]:
                heapq.heappush(ready, (order[key], key))
    return now


def critical_path_s(tasks: Sequence[Task], seconds: Mapping[str, float]) -> float:
    """Return the longest chain: no number of workers is quicker. Inputs come before their users.

    >>> critical_path_s([Task("a", len), Task("b", len, inputs=("a",)), Task("c", len)], {"a": 1, "b": 2, "c": 2})
    3.0
    """
    ends: dict[str, float] = {}
    for task in tasks:
        ends[task.key] = seconds[task.key] + max((ends[key] for key in task.inputs), default=0.0)
    return max(ends.values())


def counts_of(tasks: Sequence[Task]) -> str:
    """Return how many there are of each step, in words."""
    counts = Counter(task.key.partition("-")[0] for task in tasks)
    return ", ".join(f"{count:,} {step}" for step, count in counts.most_common())
