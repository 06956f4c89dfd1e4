"""The report of a probe: what was predicted and what happened, case by case."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from tasnet2hef.base.plain import plain
from tasnet2hef.compiler.probe.cases import Predicted
from tasnet2hef.target.known.knowledge_file import Conflict

NOT_ANSWERED: Final = "not answered"
Happened = Literal["pass", "fail", "not answered"]


@dataclass(frozen=True)
class CaseResult:
    """One case; ``stage`` is the one that decided it, ``words`` are the compiler's, or why there is no answer."""

    name: str
    rule: str
    operator: str
    example: str
    last: str
    predicted: Predicted
    findings: tuple[str, ...]
    happened: Happened
    stage: str
    words: str

    @property
    def agrees(self) -> bool | None:
        """Return whether the prediction was right; None where there is no answer, or none was predicted."""
        if self.happened == NOT_ANSWERED or self.predicted == "may fail":
            return None
        return self.happened == self.predicted


@dataclass(frozen=True)
class ProbeReport:
    """A probe. ``stopped_because`` is empty where every case was asked about."""

    compiler: str
    hardware: str
    folder: Path
    cases: tuple[CaseResult, ...]
    seconds: float = 0.0
    verdicts: Path | None = None
    knowledge: Path | None = None
    conflicts: tuple[Conflict, ...] = ()
    stopped_because: str = ""

    def count(self, happened: Happened) -> int:
        """Return how many cases ended in one way."""
        return sum(case.happened == happened for case in self.cases)

    @property
    def disagreeing(self) -> tuple[CaseResult, ...]:
        """Return the cases in which the compiler did something else than was predicted."""
        return tuple(case for case in self.cases if case.agrees is False)

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "compiler": self.compiler,
            "hardware": self.hardware,
            "folder": str(self.folder),
            "seconds": round(self.seconds, 3),
            "stopped_because": self.stopped_because,
            "passed": self.count("pass"),
            "failed": self.count("fail"),
            "not_answered": self.count(NOT_ANSWERED),
            "disagreeing": [case.name for case in self.disagreeing],
            "verdicts": None if self.verdicts is None else str(self.verdicts),
            "knowledge": None if self.knowledge is None else str(self.knowledge),
            "conflicts": conflicts_json(self.conflicts),
            "cases": [{**plain(case), "agrees": case.agrees} for case in self.cases],
        }


def conflicts_json(conflicts: Sequence[Conflict]) -> list[dict[str, Any]]:
    """Return what contradicts ours, as plain JSON values."""
    return [{"ours": each.ours.to_json(), "theirs": each.theirs.to_json()} for each in conflicts]
