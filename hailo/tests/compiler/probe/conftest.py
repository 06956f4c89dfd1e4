"""A probe of the stand-in, which plays different releases."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tasnet2hef.compiler.probe.options import LIMITS, ProbeOptions
from tasnet2hef.compiler.probe.probe import probe
from tasnet2hef.compiler.probe.report import CaseResult, ProbeReport
from tasnet2hef.compiler.run_record import StageRecord
from tests.compiler.conftest import STAND_IN

Fault = dict[str, str]


class Quiet:
    """A display that keeps what was asked; ``before`` is called at each question, ``watch`` at each answer."""

    def __init__(self, before: Callable[[], object], watch: Callable[[], object]) -> None:
        self.asked: list[tuple[str, str]] = []
        self._before, self._watch = before, watch

    def asking(self, case: str, stage: str, number: int, total: int) -> None:
        self.asked.append((case, stage))
        self._before()

    def answered(self, case: str, stage: str, answer: str) -> None:
        self._watch()

    def started(self, stage: str, log: Path) -> None:
        pass

    def working(self, elapsed: float, line: str) -> None:
        pass

    def ended(self, record: StageRecord) -> None:
        pass

    def note(self, text: str) -> None:
        pass


@dataclasses.dataclass
class ProbeBench:
    """A folder, a home for knowledge, and the stand-in's release."""

    folder: Path
    watch: Callable[[], object] = lambda: None
    before: Callable[[], object] = lambda: None

    def release(self, version: str = "3.34.0", **faults: Fault) -> None:
        """Play a release; a fault belongs to the nets whose name contains its name."""
        content = {"version": version, "faults": faults}
        (self.folder / "release.json").write_text(json.dumps(content), encoding="utf-8")

    def probe(self, only: str, **options: Any) -> ProbeReport:
        self.display = Quiet(self.before, self.watch)
        settings = {"only": only, "hardware": "hailo8", **options}
        settings.setdefault("folder", self.folder / "probe")
        limits = {**LIMITS, **settings.pop("limits", {})}
        return probe(ProbeOptions(limits=limits, **settings), self.display)

    def calls(self) -> list[str]:
        path = self.folder / "calls.txt"
        return path.read_text().split("\n")[:-1] if path.is_file() else []

    def environment(self) -> dict[str, str]:
        return {
            "PYTHONPATH": os.pathsep.join([str(STAND_IN), str(STAND_IN.parents[2])]),
            "STAND_IN_RELEASE": str(self.folder / "release.json"),
            "STAND_IN_CALLS": str(self.folder / "calls.txt"),
            "TASNET2HEF_HOME": str(self.folder / "home"),
        }


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ProbeBench:
    new = ProbeBench(tmp_path)
    for name, value in new.environment().items():
        monkeypatch.setenv(name, value)
    new.release()
    return new


def refusing(message: str = "Agent infeasible", stage: str = "compile", kind: str = "raise") -> Fault:
    """Return a fault of the stand-in."""
    return {"stage": stage, "kind": kind, "message": message}


def by_name(report: ProbeReport) -> dict[str, CaseResult]:
    """Return a report's cases by their names."""
    return {case.name: case for case in report.cases}
