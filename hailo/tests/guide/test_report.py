"""The line of a step, and the verdict on all."""

from __future__ import annotations

import json

from tasnet2hef.base.outcome import NOT_COMPILED
from tasnet2hef.guide.report import GoReport, PlannedStep, StepReport, ended
from tasnet2hef.report.next_step import NextStep


def test_a_line_names_verdict_and_whether_it_is_kept() -> None:
    assert str(StepReport("norms", "lost 0.7 dB", "usable", is_kept=True)) == "norms: lost 0.7 dB (usable, kept)"
    assert str(StepReport("compile", "no compiler", outcome=NOT_COMPILED)) == "compile: no compiler (NOT COMPILED)"
    assert str(PlannedStep("norms", "frozen", 3.0)) == "norms (about 3 min): frozen"


def test_the_worst_step_decides() -> None:
    good, usable = StepReport("model", "fine"), StepReport("check", "2 contexts", "usable")
    broken = ended(StepReport("simulate", "8 bits", "broken"), 1.5)
    following = NextStep("tasnet2hef go", "again")
    assert GoReport((good, usable), following).verdict == "usable"
    report = GoReport((good, usable, broken), following).to_json()
    assert report["verdict"] == "broken"
    assert [step["outcome"] for step in report["steps"]] == ["done", "done", "refused"]
    json.dumps(report, allow_nan=False)
