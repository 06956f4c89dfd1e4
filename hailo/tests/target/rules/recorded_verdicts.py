"""Replay recorded verdicts of the compiler: check each row's graph, compare the prediction with the record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasnet2hef.base.errors import GraphError, OptionError
from tasnet2hef.target.check import check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules.framework.finding import STAGES
from tests.target.rules.recorded_graphs import Description, draw

RECORDED = Path(__file__).with_name("recorded_verdicts.jsonl")

_STAGES = {"parse": "translate", "quantize": "optimize", "quantise": "optimize", "allocate": "compile"}
_CHIPS = {"hailo15m": "hailo15h", "hailo15l": "hailo15h", "hailo10": "hailo10h", "hailo15": "hailo15h"}


@dataclass(frozen=True)
class Row:
    """One recorded verdict; `reason` says why there is no graph, `error` holds the compiler's own words."""

    id: str
    stage: str
    outcome: str
    chip: str
    graph: Description | None
    reason: str
    error: str
    single_context: bool

    @property
    def failed(self) -> bool:
        """Return whether the compiler failed; a timeout is a failure."""
        return not self.outcome.startswith("pass")


@dataclass(frozen=True)
class Verdict:
    """One row's outcome: recorded, predicted, and why it is predicted so (or why it can't be)."""

    row: Row
    applicable: bool
    predicted_failure: bool = False
    reason: str = ""

    @property
    def missed(self) -> bool:
        """Return whether prediction and record differ."""
        return self.applicable and self.predicted_failure != self.row.failed


@dataclass(frozen=True)
class Matrix:
    """The confusion matrix of all applicable rows; a failure is the positive case."""

    caught: int
    overlooked: int
    false_alarms: int
    passed: int

    @property
    def applicable(self) -> int:
        """Return how many rows count."""
        return self.caught + self.overlooked + self.false_alarms + self.passed

    @property
    def recall(self) -> float:
        """Return the share of recorded failures that are predicted; 1 where there are none."""
        failures = self.caught + self.overlooked
        return self.caught / failures if failures else 1.0

    @property
    def false_alarm_rate(self) -> float:
        """Return the share of recorded passes that are predicted to fail; 0 where there are none."""
        passes = self.false_alarms + self.passed
        return self.false_alarms / passes if passes else 0.0


def read_rows(path: Path = RECORDED) -> list[Row]:
    """Return the rows of a JSON-lines file."""
    return [row_of(json.loads(line)) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def row_of(fields: Mapping[str, Any]) -> Row:
    """Return a row from the fields of its line; without a chip it is about hailo8."""
    stage = str(fields.get("stage") or "compile").lower()
    chip = str(fields.get("hw_arch") or "hailo8").lower()
    return Row(
        id=str(fields.get("id", "?")),
        stage=_STAGES.get(stage, stage),
        outcome=str(fields.get("outcome") or "unknown"),
        chip=_CHIPS.get(chip, chip),
        graph=fields.get("graph"),
        reason=str(fields.get("reason") or "no graph: not replayed"),
        error=str(fields.get("error") or ""),
        single_context=bool(fields.get("single_context")),
    )


def replay(row: Row) -> Verdict:
    """Predict a row's outcome: it fails where an error finding belongs to its stage or an earlier one."""
    if row.graph is None:
        return Verdict(row, False, reason=row.reason)
    try:
        model = draw(row.graph)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        return Verdict(row, False, reason=f"its graph can't be drawn ({type(error).__name__}: {error})")
    try:
        report = check_graph(OpenedGraph(model), row.chip, single_context=row.single_context)
    except GraphError as error:
        return Verdict(row, True, True, f"refused as a graph: {error}")
    except OptionError as error:
        return Verdict(row, False, reason=str(error))
    last = STAGES.index(row.stage) if row.stage in STAGES else len(STAGES) - 1
    errors = [finding for finding in report.errors if STAGES.index(finding.stage) <= last]
    if errors:
        return Verdict(row, True, True, f"{errors[0].rule}: {errors[0].message}")
    others = dict.fromkeys(f"{finding.level} {finding.rule} ({finding.stage})" for finding in report.findings)
    return Verdict(row, True, False, f"no error up to {row.stage}; {', '.join(others) or 'no findings'}")


def matrix(verdicts: Iterable[Verdict]) -> Matrix:
    """Count the applicable rows."""
    counted = [verdict for verdict in verdicts if verdict.applicable]

    def count(failed: bool, predicted: bool) -> int:
        return sum(v.row.failed == failed and v.predicted_failure == predicted for v in counted)

    return Matrix(count(True, True), count(True, False), count(False, True), count(False, False))
