"""Replay recorded verdicts: draw each row's graph, check it, compare the prediction with the record."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.check import check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules.framework.finding import STAGES
from tests.target.rules.verdicts.plan import draw_row
from tests.target.rules.verdicts.row import NotApplicable, Row

_CHIPS = {"hailo15m": "hailo15h", "hailo15l": "hailo15h", "hailo10": "hailo10h", "hailo15": "hailo15h"}
_KNOWN = ("hailo8", "hailo8l", "hailo10h", "hailo15h")


@dataclass(frozen=True)
class Verdict:
    """One row's outcome: recorded, predicted, and why it is predicted so (or why it can't be)."""

    row: Row
    applicable: bool
    predicted_failure: bool = False
    reason: str = ""

    @property
    def missed(self) -> bool:
        """Tell whether prediction and record differ."""
        return self.applicable and self.predicted_failure != self.row.failed


@dataclass(frozen=True)
class Matrix:
    """The confusion matrix of all applicable rows, failures being what is looked for."""

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


def replay(rows: Iterable[Row]) -> list[Verdict]:
    """Return the verdict on each row."""
    return [judge(row) for row in rows]


def judge(row: Row) -> Verdict:
    """Predict a row's outcome: it fails where an error finding belongs to its stage or an earlier one."""
    try:
        model = draw_row(row)
    except NotApplicable as reason:
        return Verdict(row, False, reason=str(reason))
    except (ArithmeticError, LookupError, TypeError, ValueError) as error:
        return Verdict(row, False, reason=f"what it states can't be drawn ({type(error).__name__}: {error})")
    try:
        report = check_graph(OpenedGraph(model), chip(row.hw_arch), row.id, single_context=wants_one_context(row))
    except GraphError as error:
        return Verdict(row, True, True, f"refused as a graph: {error}")
    last = STAGES.index(row.stage) if row.stage in STAGES else len(STAGES) - 1
    errors = [finding for finding in report.errors if STAGES.index(finding.stage) <= last]
    if errors:
        return Verdict(row, True, True, f"{errors[0].rule}: {errors[0].message}")
    others = dict.fromkeys(f"{finding.level} {finding.rule} ({finding.stage})" for finding in report.findings)
    return Verdict(row, True, False, f"no error up to {row.stage}; {', '.join(others) or 'no findings'}")


def wants_one_context(row: Row) -> bool:
    """Tell whether a row is about a net in a single context: in words, or with its layer controllers counted.

    Layers listed in a model script do not count: some take no controller.
    """
    said = re.search(r"(?:single|one)[- ]context", row.op, re.IGNORECASE) and "multi" not in row.op.lower()
    counted = row.number("lcus", "layer_controllers") is not None
    return bool(said) or (counted and row.params.get("contexts") == 1)


def chip(hw_arch: str) -> str:
    """Return the chip to check for: the first one that a row names, hailo8 where it names none."""
    found = re.findall(r"hailo\d+[a-z]*", hw_arch.lower())
    name = _CHIPS.get(found[0], found[0]) if found else "hailo8"
    return name if name in _KNOWN else "hailo8"


def matrix(verdicts: Iterable[Verdict]) -> Matrix:
    """Count the applicable rows."""
    counted = [verdict for verdict in verdicts if verdict.applicable]

    def count(failed: bool, predicted: bool) -> int:
        return sum(v.row.failed == failed and v.predicted_failure == predicted for v in counted)

    return Matrix(count(True, True), count(True, False), count(False, True), count(False, False))
