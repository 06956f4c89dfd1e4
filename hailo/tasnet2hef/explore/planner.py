"""The steps that a study takes: each is done once, however many points need it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from tasnet2hef.base.version import __version__
from tasnet2hef.base.workers import DFC, TORCH, Task
from tasnet2hef.explore.options import Study
from tasnet2hef.explore.point import EXACT, FROZEN, SEARCHED, Point
from tasnet2hef.explore.product import Store
from tasnet2hef.explore.steps import Job, hand_over, run_job
from tasnet2hef.guide.journal import digest_of

NEEDS: Final[Mapping[str, frozenset[str]]] = {
    "original": frozenset({TORCH}),
    "freeze": frozenset({TORCH}),
    "export": frozenset({TORCH}),
    "check": frozenset({TORCH}),  # the cuts of a graph are made where it is written
    "compile": frozenset({DFC}),
}
COST_S: Final[Mapping[str, float]] = {
    "original": 3.0,
    "freeze": 8.0,
    "export": 2.0,
    "check": 1.0,
    "calibrate": 1.0,
    "simulate": 12.0,
    "search": 120.0,
    "time": 0.5,
    "compile": 1800.0,
}
"""Rough times, by which the share of the work that is done is estimated; the demo net, a desktop's core."""


@dataclass(frozen=True)
class Keys:
    """The keys of a point's products; without losses there are none of those that measure them."""

    norms: str
    export: str
    twin: str
    check: str
    calibration: str
    scores: str
    time: str
    original: str

    @property
    def chain(self) -> tuple[str, ...]:
        """Those that the figures are read from, in the order in which they are made."""
        made = (
            self.original,
            self.norms,
            self.export,
            self.twin,
            self.check,
            self.calibration,
            self.scores,
            self.time,
        )
        return tuple(key for key in made if key)


@dataclass
class Planner:
    """Collects the steps of a study by key; ``inputs`` of each come before it."""

    study: Study
    jobs: dict[str, tuple[Job, tuple[str, ...]]] = field(default_factory=dict)

    def point(self, point: Point) -> Keys:
        """Add the steps of a point; return their keys."""
        study = self.study
        norms = self._norms(point.norms)
        export, twin, plain = (self._export(norms, each) for each in (point, point.twin, point.plain))
        if point.chunk:
            plain = twin  # past rows are those of one graph
        checked = {"hardware": study.hardware, "segments": point.segments, "ends": point.ends}
        check, time = self._add("check", checked, export), self._add("time", {}, twin)
        if not study.simulates:
            return Keys(norms, export, twin, check, "", "", time, "")
        drawn = {"windows": study.windows, "any_data": study.any_data}
        calibration = self._add("calibrate", drawn, study.speech, plain)
        original = self._add("original", {}, study.model, study.speech)
        scored = (twin, calibration, study.speech, original)
        if point.precision == SEARCHED:
            scores = self._add("search", drawn, *scored)
        else:
            scores = self._add("simulate", {**drawn, "ends": point.ends}, *scored)
        return Keys(norms, export, twin, check, calibration, scores, time, original)

    def compiled(self, point: Point, minutes: Mapping[str, float]) -> str:
        """Add the compilation of a point; return its key."""
        keys = self.point(point)
        options = {"hardware": self.study.hardware, "precision": point.precision, "minutes": dict(minutes)}
        return self._add("compile", options, keys.export, keys.calibration, keys.scores)

    def _norms(self, norms: str) -> str:
        if norms == EXACT:
            return self.study.model
        if norms == FROZEN:
            return self._add("freeze", {}, self.study.model, self.study.speech)
        return self.study.students[norms]

    def _export(self, norms: str, point: Point) -> str:
        options: dict[str, Any] = {
            "seconds": point.seconds,
            "layout": point.layout,
            "residual": point.residual,
            "shift": point.shift,
            "streams": point.streams,
        }
        if point.chunk:
            options["chunk_frames"] = point.chunk
        return self._add("export", options, norms)

    def _add(self, step: str, options: Mapping[str, Any], *inputs: str) -> str:
        key = f"{step}-{digest_of(__version__, step, sorted(options.items()), inputs)}"
        self.jobs[key] = Job(step, key, options), inputs
        return key

    def wanted(self, leaves: Iterable[str], store: Store) -> list[str]:
        """Return the keys that must be made for ``leaves``, those that the store lacks, inputs first."""
        wanted: dict[str, None] = {}

        def visit(key: str) -> None:
            if key in wanted or store.get(key) is not None:
                return
            for each in self.jobs[key][1]:
                visit(each)
            wanted[key] = None

        for leaf in leaves:
            visit(leaf)
        return list(wanted)

    def tasks(self, keys: Iterable[str], store: Store, *, is_shared: bool) -> list[Task]:
        """Return the tasks that make products, and those that hand over what the store has of their inputs."""
        tasks: dict[str, Task] = {}
        for key in keys:
            job, inputs = self.jobs[key]
            for each in inputs:
                if each not in tasks and (kept := store.get(each)) is not None:
                    tasks[each] = Task(each, hand_over, (kept if is_shared else kept.loaded(),))
            shared = Job(job.step, job.key, job.options, str(store.folder.resolve()) if is_shared else "")
            tasks[key] = Task(key, run_job, (shared,), inputs, NEEDS.get(job.step, frozenset()))
        return list(tasks.values())
