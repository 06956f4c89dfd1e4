"""A study as one HTML page: what to take, the picture of all points, and a table of every figure."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.agreement import STATUS
from tasnet2hef.base.files import written_beside
from tasnet2hef.report import charts
from tasnet2hef.report.page import head_values, template

PAGE_NAME: Final = "study.html"


def write_study_page(report: Mapping[str, Any], folder: Path, following: str = "") -> Path:
    """Write the page of what `explore --json` prints into the study's folder and return its path.

    ``following`` is the command that makes what is recommended.

    Raises:
        OptionError: it can't be written.
    """
    path = folder / PAGE_NAME
    with written_beside(path) as part:
        part.write_text(render_study(report, following), encoding="utf-8")
    return path


def render_study(report: Mapping[str, Any], following: str = "") -> str:
    """Return the page; all text is escaped."""
    from markupsafe import Markup

    measured = [point for point in report["points"] if point["outcome"] == "measured"]
    others = [point for point in report["points"] if point["outcome"] != "measured"]
    drawn = [point for point in measured if point["lost_db"] is not None]
    best = report["recommended"]
    number = None if best is None else best["number"]
    picture = charts.draw_study(drawn, report["front"], number) if drawn and charts.can_draw() else ""
    return template("study.html").render(
        report=report,
        measured=measured,
        others=others,
        compiled=any(point["compiled"] for point in measured),
        picture=Markup(picture),
        following=following,
        status=STATUS,
        **head_values(),
    )
