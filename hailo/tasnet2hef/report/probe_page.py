"""A probe as one HTML page: case by case, what was predicted, what happened, and the compiler's words."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from tasnet2hef.base.files import written_beside
from tasnet2hef.compiler.probe.report import CaseResult, ProbeReport
from tasnet2hef.report.page import head_values, template

PAGE_NAME: Final = "probe.html"
_ORDER: Final = {"error": 0, "warning": 1, "": 2, "ok": 3}


def write_probe_page(report: ProbeReport) -> Path:
    """Write the page into the probe's folder and return its path.

    Raises:
        OptionError: it can't be written.
    """
    path = report.folder / PAGE_NAME
    with written_beside(path) as part:
        part.write_text(render_probe(report), encoding="utf-8")
    return path


def render_probe(report: ProbeReport) -> str:
    """Return the page; all text is escaped."""
    rows = sorted(((_status(case), case) for case in report.cases), key=lambda row: _ORDER[row[0]])
    return template("probe.html").render(report=report, rows=rows, **head_values())


def _status(case: CaseResult) -> str:
    """Return how a case is marked: a wrong prediction, an open one, no answer, or as predicted."""
    if case.happened == "not answered":
        return ""
    return {True: "ok", False: "error", None: "warning"}[case.agrees]
