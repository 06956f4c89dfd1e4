"""Runs a study: plans its steps, has workers do those that are missing, and reads the rows from the store."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.agreement import BROKEN, Verdict
from tasnet2hef.base.files import written_beside
from tasnet2hef.base.plain import plain
from tasnet2hef.base.workers import Ended, Workers
from tasnet2hef.explore.front import Recommendation, front_of, recommend
from tasnet2hef.explore.options import RunOptions, Study
from tasnet2hef.explore.planner import COST_S, Keys, Planner
from tasnet2hef.explore.point import Point
from tasnet2hef.explore.product import Product, Store
from tasnet2hef.explore.row import Row, row_of

RESULTS_NAME: Final = "results.json"
MEASURED_NAME: Final = "measured.json"
ALL: Final = "all"

Watch = Callable[[float, float, Ended | None], None]
"""Called with the share of the work that is done, all of it, and the step that ended."""


@dataclass(frozen=True)
class StudyReport:
    """The rows of a study, the numbers of those on the front, and the one to take.

    ``realtime_factors`` are measured, by row number: one CPU thread's time for a second of audio.
    """

    study: Study
    folder: Path
    rows: tuple[Row, ...]
    front: tuple[int, ...]
    recommendation: Recommendation | None
    realtime_factors: Mapping[int, float]
    steps_run: int
    steps_kept: int
    store: Path
    """The folder of the products."""
    notes: tuple[str, ...] = ()

    @property
    def failed(self) -> tuple[Row, ...]:
        """The points that were lost; another run tries them again."""
        return tuple(row for row in self.rows if row.outcome == "failed")

    @property
    def verdict(self) -> Verdict:
        """The verdict on the point to take; broken where there is none."""
        best = self.recommendation
        return (best.row.verdict if best is not None else None) or BROKEN

    @property
    def headline(self) -> str:
        """What to take, in one line, or why nothing."""
        if not self.study.simulates:
            return "losses are not measured (--no-simulate): what is predicted of each point"
        if self.recommendation is None:
            return "no point can be recommended: none that could be built is free of errors and quick enough"
        best = self.recommendation.row
        words = "take" if self.verdict != BROKEN else "no point is usable; the best is"
        return f"{words} {best.number}: {best.point} ({best.lost_db:.2f} dB lost: {self.verdict})"

    def results(self) -> dict[str, Any]:
        """Return what does not depend on where and by how many it was computed."""
        best = self.recommendation
        return {
            "hardware": self.study.hardware,
            "model": self.study.model,
            "speech": self.study.speech,
            "points": [_row_json(row) for row in self.rows],
            "front": list(self.front),
            "recommended": None if best is None else {"number": best.row.number, "reason": best.reason},
        }

    def to_json(self) -> dict[str, Any]:
        """Return what `explore --json` prints."""
        measured = {str(number): round(factor, 4) for number, factor in self.realtime_factors.items()}
        return {
            **self.results(),
            "headline": self.headline,
            "verdict": self.verdict if self.study.simulates else None,
            "realtime_factors": measured,
            "folder": str(self.folder),
            "steps_run": self.steps_run,
            "steps_kept": self.steps_kept,
            "notes": list(self.notes),
        }


def run_study(
    study: Study,
    folder: Path,
    store: Store,
    workers: Workers,
    options: RunOptions,
    watch: Watch,
    most_latency_ms: float = math.inf,
) -> StudyReport:
    """Do what is missing of a study, and write its results into its folder.

    Raises:
        OptionError: no worker has what a step needs, or a result can't be written.
        RefusedError: the cluster is gone; what was finished is kept.
    """
    runner = _Runner(
        Planner(study), store, workers, watch, is_shared=not options.scheduler or bool(options.shared)
    )
    keys = {point: runner.planner.point(point) for point in study.points if not point.obstacle}
    runner.run(key for each in keys.values() for key in each.chain)
    rows = [runner.row(number, point, keys.get(point)) for number, point in enumerate(study.points, start=1)]
    notes: list[str] = []
    if options.compiles:
        rows, notes = runner.compiled(rows, options)
    report = StudyReport(
        study,
        folder,
        tuple(rows),
        front_of(rows),
        recommend(rows, most_latency_ms),
        runner.realtime_factors(rows, keys),
        runner.steps_run,
        runner.steps_kept,
        store.folder,
        tuple(notes),
    )
    _write(folder / RESULTS_NAME, report.results())
    _write(folder / MEASURED_NAME, {"realtime_factors": report.to_json()["realtime_factors"]})
    return report


class _Runner:
    """Does steps, and keeps what they made and why they failed."""

    def __init__(self, planner: Planner, store: Store, workers: Workers, watch: Watch, *, is_shared: bool) -> None:
        self.planner, self._store, self._workers, self._watch = planner, store, workers, watch
        self._is_shared = is_shared
        self._failures: dict[str, str] = {}
        self._wanted: set[str] = set()
        self.steps_run = 0

    @property
    def steps_kept(self) -> int:
        """How many steps an earlier run had done."""
        return len(self.planner.jobs) - len(self._wanted)

    def run(self, leaves: Iterable[str]) -> None:
        """Do the steps that are missing for ``leaves``."""
        wanted = self.planner.wanted(leaves, self._store)
        self._wanted.update(wanted)
        tasks = self.planner.tasks(wanted, self._store, is_shared=self._is_shared)
        total, done = sum(self._cost(key) for key in wanted), 0.0
        self._watch(0.0, total, None)
        with closing(self._workers.run(tasks)) as running:
            for ended in running:
                if ended.key not in wanted:
                    continue
                self._keep(ended)
                self.steps_run += ended.error is None
                done += self._cost(ended.key)
                self._watch(done, total, ended)

    def _keep(self, ended: Ended) -> None:
        if ended.error is not None:
            step = self.planner.jobs[ended.key][0].step
            self._failures[ended.key] = f"{step}: {_in_words(ended.error)}"
        elif not self._is_shared:
            self._store.put(ended.key, ended.result)

    def _cost(self, key: str) -> float:
        return COST_S[self.planner.jobs[key][0].step]

    def row(self, number: int, point: Point, keys: Keys | None) -> Row:
        """Return a point's row; one without keys has an obstacle."""
        if keys is None:
            return Row(number=number, point=point, outcome="refused", reason=point.obstacle)
        return row_of(number, point, keys, self._products(keys.chain), self._failures)

    def _products(self, keys: Iterable[str]) -> dict[str, Product]:
        found = {key: self._store.get(key) for key in keys}
        for key in (key for key, product in found.items() if product is None):
            self._failures.setdefault(key, "its result is not in the store: do all workers reach it?")
        return {key: product for key, product in found.items() if product is not None}

    def compiled(self, rows: Sequence[Row], options: RunOptions) -> tuple[list[Row], list[str]]:
        """Have the compiler take the candidates that were asked for; return all rows, and what was left out."""
        front = front_of(rows)
        asked = [row for row in rows if row.is_candidate and (options.compiles == ALL or row.number in front)]
        whole = [row for row in asked if row.point == row.point.twin]
        keys = {row.number: self.planner.compiled(row.point, options.minutes) for row in whole}
        self.run(keys.values())
        products = self._products(keys.values())
        rows = [
            replace(row, compiled=self._outcome(products[keys[row.number]]))
            if keys.get(row.number) in products
            else row
            for row in rows
        ]
        lost = [number for number, key in keys.items() if key not in products]
        why = f"not compiled: {', '.join(map(str, lost))} ({self._failures[keys[lost[0]]]})" if lost else ""
        left = [str(row.number) for row in asked if row not in whole]
        note = (
            f"not compiled here: {', '.join(left)}, which are several programs, or several streams; use `convert`"
        )
        return rows, [*([why] if lost else []), *([note] if left else [])]

    def _outcome(self, product: Product) -> Mapping[str, Any]:
        why = product.refused
        return {"outcome": "failed", "failure": why, "contexts": None} if why else product.record

    def realtime_factors(self, rows: Sequence[Row], keys: Mapping[Any, Keys]) -> dict[int, float]:
        """Return what was measured of each row."""
        measured = {row.number: self._store.get(keys[row.point].time) for row in rows if row.outcome == "measured"}
        return {number: each.record["realtime_factor"] for number, each in measured.items() if each is not None}


def _in_words(error: Exception) -> str:
    text = " ".join(str(error).split())
    return text if type(error).__module__.startswith("tasnet2hef") else f"{type(error).__name__}: {text}"[:300]


def _row_json(row: Row) -> dict[str, Any]:
    values: dict[str, Any] = plain(row)
    return {"what": str(row.point), **values, "verdict": row.verdict}


def _write(path: Path, content: Mapping[str, Any]) -> None:
    with written_beside(path) as part:
        part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
