"""``tasnet2hef diff``: what changed between two runs, and whether it is better."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from tasnet2hef.base.errors import RefusedError
from tasnet2hef.cli import show
from tasnet2hef.cli.options import HardwareOption, JsonOption
from tasnet2hef.cli.progress import waiting
from tasnet2hef.target.known import DEFAULT_CHIP

if TYPE_CHECKING:
    from tasnet2hef.report.comparison.compare import Comparison
    from tasnet2hef.report.comparison.rows import Section, Value

SHOWN_ROWS: Final = 20


def command(
    first: Path = typer.Argument(metavar="A", help="The earlier run: an ONNX file, or a folder with one run."),
    second: Path = typer.Argument(metavar="B", help="The later run."),
    hardware: HardwareOption = DEFAULT_CHIP,
    fail_if_worse: bool = typer.Option(False, "--fail-if-worse", help="Exit with 1 where a row is worse."),
    show_all: bool = typer.Option(False, "--all", help="Show every row, also those that are the same."),
    json_output: JsonOption = False,
) -> None:
    """Compare two runs: nodes, layers, cost, findings and scores; each row is better, worse, same or changed.

    Example: `tasnet2hef diff build/before.onnx build/after.onnx --fail-if-worse`
    """
    from tasnet2hef.report.comparison.compare import compare_runs

    with waiting("comparing"):
        comparison = compare_runs(first, second, hardware)
    if json_output:
        show.print_json(comparison.to_json())
    else:
        print_comparison(comparison, show_all=show_all)
    if fail_if_worse and (worse := comparison.count("worse")):
        names = [row.what for section in comparison.sections for row in section.rows if row.verdict == "worse"]
        raise RefusedError(f"{second}: found {worse} worse than in {first}, expected none: {', '.join(names[:3])}")


def print_comparison(comparison: Comparison, *, show_all: bool) -> None:
    """Print a table a section, rows that are the same left out unless all are wanted, and the count."""
    console = show.console()
    show.line(f"A: {comparison.first}")
    show.line(f"B: {comparison.second}")
    for section in comparison.sections:
        _print_section(section, show_all=show_all)
    console.print(f"{comparison.count('better')} better, {comparison.count('worse')} worse")
    if comparison.hardware[0] != comparison.hardware[1]:
        show.notice(f"A was checked for {comparison.hardware[0]}, B for {comparison.hardware[1]}")


def _print_section(section: Section, *, show_all: bool) -> None:
    console = show.console()
    rows = [row for row in section.rows if show_all or row.verdict != "same"]
    if not rows:
        show.line(f"{section.name}: {section.note or 'the same'}")
        return
    shown = rows if show_all else rows[:SHOWN_ROWS]
    cells = [(row.what, _text(row.first), _text(row.second), row.verdict, row.better_is) for row in shown]
    console.print(show.table(section.name, ("", "A", "B", "verdict", "better is"), cells))
    if len(shown) < len(rows):
        console.print(f"  and {len(rows) - len(shown)} more: --all shows them, --json has them")


def _text(value: Value) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:,.2f}" if isinstance(value, float) and not value.is_integer() else f"{value:,.0f}"
