"""Adds a command's results to the graph's report page, and prints its path."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasnet2hef.base.errors import OptionError
from tasnet2hef.cli import show

if TYPE_CHECKING:
    from tasnet2hef.target.graph.opened import OpenedGraph


def add_to_page(graph: OpenedGraph, *, quiet: bool, **results: Any) -> None:
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
