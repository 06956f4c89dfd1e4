"""What a command says at its end: the report page that it added to, and the next command."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from tasnet2hef.base.errors import OptionError
from tasnet2hef.cli import show

if TYPE_CHECKING:
    from pathlib import Path

    from tasnet2hef.report.next_step import NextStep
    from tasnet2hef.target.graph.opened import OpenedGraph


def add_to_page(graph: OpenedGraph, *, quiet: bool = False, **results: Any) -> None:
    """Add results (see ``write_report``) to ``GRAPH.report/report.html``; print its path unless ``quiet``.

    A page that can't be written is a note: the result itself stands.
    """
    from tasnet2hef.report.save import write_report

    try:
        page = write_report(graph, **results)
    except OptionError as error:
        show.notice(f"no report page: {error}")
        return
    if not quiet:
        show.line(f"report: {page}")


def step_after(graph: OpenedGraph, *, calibration: Path | None = None, **results: Any) -> NextStep:
    """Return the step after results (see ``facts_so_far``), as the page tells it.

    ``calibration`` is the set that the user has, wherever it lies.
    """
    from tasnet2hef.report.next_step import next_step, standing_of
    from tasnet2hef.report.save import facts_so_far

    standing = replace(standing_of(facts_so_far(graph, **results)), graph=graph.path)
    if calibration is not None:  # who calibrates goes on, checked or not
        standing = replace(standing, calibration=calibration, errors=standing.errors or ())
    return next_step(standing)


def print_next(graph: OpenedGraph, *, calibration: Path | None = None, **results: Any) -> None:
    """Print the step after results, see ``step_after``."""
    step = step_after(graph, calibration=calibration, **results)
    show.next_command(step.command, step.why)
