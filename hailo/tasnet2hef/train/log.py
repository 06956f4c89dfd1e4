"""Writes a training log as CSV: step, mean loss, validation score and time, a row per validation."""

from __future__ import annotations

import csv
import re
import time
from pathlib import Path

from tasnet2hef.base.files import written_beside
from tasnet2hef.base.records import RecordError, decoded, read_bounded
from tasnet2hef.train.loop import TrainingProgress

LOG_FILE = "log.csv"
COLUMNS = ("step", "loss_db", "validation_db", "seconds")


def logged(path: Path, done: int, progress: TrainingProgress) -> TrainingProgress:
    """Return a callback that also writes to ``path``; rows after step ``done`` are removed: they are run again.

    So are rows that are damaged, such as the one that a killed run left unfinished.
    """
    rows = [row for row in _rows(path) if int(row["step"]) <= done] if done else []
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


def _rows(path: Path) -> list[dict[str, str]]:
    """Return a log's whole rows; none where it can't be read."""
    try:
        text = decoded(read_bounded(path))
    except (OSError, RecordError):
        return []
    whole = re.compile(r"[0-9]{1,18}(,-?([0-9]{1,18}\.[0-9]{1,6}|inf|nan)){3}")
    lines = text.splitlines(keepends=True)[1:]
    return [
        dict(zip(COLUMNS, line.strip().split(","), strict=True))
        for line in lines
        if line.endswith("\n") and whole.fullmatch(line.strip())
    ]
