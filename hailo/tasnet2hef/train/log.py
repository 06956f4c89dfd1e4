"""Writes a training log as CSV: step, mean loss, validation score and time, a row per validation."""

from __future__ import annotations

import csv
import time
from pathlib import Path

from tasnet2hef.base.files import written_beside
from tasnet2hef.train.loop import TrainingProgress

LOG_FILE = "log.csv"
COLUMNS = ("step", "loss_db", "validation_db", "seconds")


def logged(path: Path, done: int, progress: TrainingProgress) -> TrainingProgress:
    """Return a callback that also writes to ``path``; rows after step ``done`` are removed: they are run again."""
    rows = []
    if done and path.exists():
        with path.open(newline="", encoding="utf-8") as lines:
            rows = [row for row in csv.DictReader(lines) if int(row["step"]) <= done]
    with written_beside(path) as part, part.open("w", newline="", encoding="utf-8") as lines:
        writer = csv.DictWriter(lines, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    started = time.monotonic() - float(rows[-1]["seconds"] if rows else 0)
    losses: list[float] = []

    def log(step: int, loss_db: float, score: float | None) -> None:
        losses.append(loss_db)
        if score is not None:
            seconds = time.monotonic() - started
            row = (step, f"{sum(losses) / len(losses):.3f}", f"{score:.4f}", f"{seconds:.1f}")
            with path.open("a", newline="", encoding="utf-8") as lines:
                csv.writer(lines).writerow(row)
            losses.clear()
        progress(step, loss_db, score)

    return log
