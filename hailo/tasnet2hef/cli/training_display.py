"""Shows the progress of a training: a bar on a terminal, and a line per validation."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    from tasnet2hef.train.loop import TrainingProgress


@contextmanager
def show_progress(console: Console, done: int, steps: int) -> Iterator[TrainingProgress]:
    """Yield the callback for ``train``; ``done`` of ``steps`` steps are done already."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    started, losses = time.monotonic(), list[float]()
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("training", total=steps, completed=done)

        def update(step: int, loss_db: float, score: float | None) -> None:
            losses.append(loss_db)
            bar.update(task, completed=step, description=f"training, loss {loss_db:5.1f} dB")
            if score is not None:
                mean_db, minutes = sum(losses) / len(losses), (time.monotonic() - started) / 60
                losses.clear()
                line = (
                    f"step {step}: loss {mean_db:.2f} dB, validation improvement {score:.2f} dB, {minutes:.1f} min"
                )
                bar.console.print(line, highlight=False)

        yield update
