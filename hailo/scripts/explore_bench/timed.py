"""Real workers with real steps, each timed where it runs: what is left of the wall time is the engine's."""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from tasnet2hef.base.workers import Ended, Task, Workers
from tasnet2hef.explore import steps
from tasnet2hef.explore.product import Product
from tasnet2hef.explore.steps import Job, Step, run_job

OWN = steps._steps


class Timed:
    """Workers that write down how long each step took by itself, one file each in ``folder``."""

    def __init__(self, workers: Workers, folder: Path) -> None:
        folder.mkdir()
        self._workers, self._folder = workers, folder
        self.where, self.shared, self.slots, self.queue = (
            workers.where,
            workers.shared,
            workers.slots,
            workers.queue,
        )

    def run(self, tasks: Sequence[Task]) -> Generator[Ended, None, None]:
        """Run the steps."""
        folder = str(self._folder)
        yield from self._workers.run(
            [
                replace(task, function=timed_job, arguments=(*task.arguments, folder))
                if task.function is run_job
                else task
                for task in tasks
            ]
        )

    @property
    def seconds(self) -> float:
        """What all steps took together."""
        return sum(float(path.read_text()) for path in self._folder.iterdir())


def timed_job(job: Job, folder: str, *inputs: Product) -> Product:
    """Do what ``run_job`` does; the worker's process keeps the timed steps, and does nothing else."""
    path = Path(folder) / job.key
    steps._steps = lambda: {name: partial(_timed, step, path) for name, step in OWN().items()}
    return run_job(job, *inputs)


def _timed(
    step: Step,
    path: Path,
    options: Mapping[str, Any],
    records: Sequence[Mapping[str, Any]],
    places: Sequence[Path],
    output: Path,
) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        return step(options, records, places, output)
    finally:
        path.write_text(f"{time.perf_counter() - started:.6f}")
