"""``tasnet2hef diff``: what changed between two runs, and whether it is better."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from tasnet2hef.base.errors import RefusedError
from tasnet2hef.base.outcome import OK, WARNING
from tasnet2hef.base.text import counted
from tasnet2hef.cli import show
from tasnet2hef.cli.options import HardwareOption, JsonOption, VerboseOption
from tasnet2hef.cli.progress import waiting
from tasnet2hef.target.known import DEFAULT_CHIP

if TYPE_CHECKING:
    from tasnet2hef.report.comparison.compare import Comparison
    from tasnet2hef.report.comparison.rows import Section, Value

FIRST_SECTIONS: Final = ("Scores", "Cost", "Findings")
"""The others, which tell no better from worse, follow them."""


def command(
    first: Path = typer.Argument(metavar="A", help="The earlier run: an ONNX file, or a folder with one run."),
    second: Path = typer.Argument(metavar="B", help="The later run."),
    hardware: HardwareOption = DEFAULT_CHIP,
    fail_if_worse: bool = typer.Option(False, "--fail-if-worse", help="Exit with 1 where a row is worse."),
    show_all: bool = typer.Option(False, "--all", help="Show every row, also those that are the same."),
    verbose: VerboseOption = False,
    json_output: JsonOption = False,
) -> None:
    """Compare two runs: nodes, layers, cost, findings and scores; each row is better, worse, same or changed.

    Example:

    `tasnet2hef diff build/before.onnx build/after.onnx --fail-if-worse`
    """
    show.set_verbose(verbose)
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
    """Print the verdict, then the sections, scores first; what is neither better nor worse is folded."""
    better, worse = comparison.count("better"), comparison.count("worse")
    show.verdict(
        WARNING if worse else OK,
        f"{better} better, {worse} worse",
        f"A: {comparison.first}\nB: {comparison.second}",
    )
    order = {name: place for place, name in enumerate(FIRST_SECTIONS)}
    for section in sorted(comparison.sections, key=lambda section: order.get(section.name, len(order))):
        _print_section(section, show_all=show_all or show.is_verbose())
    if comparison.hardware[0] != comparison.hardware[1]:
        show.notice(f"A was checked for {comparison.hardware[0]}, B for {comparison.hardware[1]}")


def _print_section(section: Section, *, show_all: bool) -> None:
    rows = [row for row in section.rows if show_all or row.verdict != "same"]
    if not rows:
        show.line(f"{section.name}: {section.note or 'the same'}")
        return
    told = rows if show_all else [row for row in rows if row.verdict in ("better", "worse")]
    if told:
        show.heading(section.name)
        show.facts((row.what, f"{_text(row.first)} -> {_text(row.second)}: {row.verdict}") for row in told)
    if folded := len(rows) - len(told):
        show.paragraph(
            f"{section.name}: {counted(folded, 'row')} changed, neither better nor worse (--all)", indent=0
        )


def _text(value: Value) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:,.2f}" if isinstance(value, float) and not value.is_integer() else f"{value:,.0f}"
