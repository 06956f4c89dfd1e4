"""The engine of `explore` without its steps: stand-ins that make figures of nothing, after a pause or at once."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.workers import Ended, Task, Workers
from tasnet2hef.explore import steps
from tasnet2hef.explore.product import Product
from tasnet2hef.explore.steps import Job, Step, run_job

STEP_SECONDS: Final[Mapping[str, float]] = {
    "original": 0.47,
    "freeze": 24.3,
    "export": 0.46,
    "check": 0.07,
    "calibrate": 0.10,
    "simulate": 7.4,
    "time": 0.13,
}
"""Processor seconds of each step, one thread: means of the default grid (38 points) of the demo net with gLN."""


def spread_seconds(key: str) -> float:
    """Return how long a step takes: the recorded mean, and by its key up to half more or less."""
    step, _, digest = key.partition("-")
    return STEP_SECONDS[step] * (0.5 + int(digest[:4], 16) / 0xFFFF)


class Rehearsed:
    """Workers whose steps are stand-ins, and the times at which they began and ended.

    ``scale``: how many seconds of pause stand for a recorded one.
    """

    def __init__(
        self, workers: Workers, scale: float = 0.0, function: Callable[..., Product] | None = None
    ) -> None:
        self._workers, self._scale, self._function = workers, scale, function or rehearse
        self.where, self.shared, self.slots, self.queue = (
            workers.where,
            workers.shared,
            workers.slots,
            workers.queue,
        )
        self.began = self.ended = 0.0
        self.tasks: list[Task] = []

    def run(self, tasks: Sequence[Task]) -> Generator[Ended, None, None]:
        """Run the stand-ins."""
        self.tasks = list(tasks)
        self.began = time.perf_counter()
        yield from self._workers.run([self._rehearsed(task) for task in tasks])
        self.ended = time.perf_counter()

    def _rehearsed(self, task: Task) -> Task:
        if task.function is not run_job:
            return task
        return replace(
            task, function=self._function, arguments=(*task.arguments, self._scale * spread_seconds(task.key))
        )


def rehearse(job: Job, pause_s: float, *inputs: Product) -> Product:
    """Do what ``run_job`` does, with a pause in place of the step."""
    time.sleep(pause_s)
    steps._steps = stand_ins  # a worker's process does nothing else; this one takes them back
    return run_job(job, *inputs)


def pause(job: Job, pause_s: float, *inputs: Product) -> Product:
    """Pause in place of a step, and write nothing."""
    time.sleep(pause_s)
    return Product(_figures(job.step, job.options, [each.record for each in inputs]), {"made": b"made"})


@contextmanager
def taken_back() -> Iterator[None]:
    """Leave this process its own steps in the end."""
    own = steps._steps
    try:
        yield
    finally:
        steps._steps = own


def stand_ins() -> Mapping[str, Step]:
    """Return a stand-in of each step."""
    return {name: _stand_in(name) for name in STEP_SECONDS}


def _stand_in(name: str) -> Step:
    def step(
        options: Mapping[str, Any], records: Sequence[Mapping[str, Any]], _places: Sequence[Path], output: Path
    ) -> dict[str, Any]:
        (output / "made").write_text(name)
        return _figures(name, options, records)

    return step


def _figures(name: str, options: Mapping[str, Any], records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return figures of the right kind; a longer window loses less, so that every window has its place."""
    if name == "export":
        return {"latency_ms": 1e3 * options["seconds"], "hop_seconds": options["seconds"], "notes": []}
    if name == "check":
        contexts = {"a8_w8": 1, "a16_w16": 2}
        zeros = dict.fromkeys(("layers", "widest_row", "held_bytes", "weights", "mmacs_per_second"), 0)
        return {**zeros, "contexts": contexts, "programs": 1, "errors": [], "warnings": []}
    if name == "simulate":
        lost_db = 600.0 / (1.0 + records[0]["latency_ms"])
        return {"float": 10.0 - lost_db / 2, "a8_w8": 10.0 - lost_db, "a16_w16": 10.0 - 0.9 * lost_db}
    return {"original": {"si_sdr_db": 10.0}, "time": {"realtime_factor": 0.1}}.get(name, {})
