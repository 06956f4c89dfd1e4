"""``tasnet2hef reduce``: the smallest part of a graph that still fails in the same way."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tasnet2hef.base.errors import RefusedError
from tasnet2hef.base.text import first_few
from tasnet2hef.cli import show
from tasnet2hef.cli.options import (
    CHIPS,
    RARE_PANEL,
    ForceOption,
    InputShapeOption,
    JsonOption,
    SchedulerOption,
    WorkersOption,
    parse_shapes,
)
from tasnet2hef.target.known import DEFAULT_CHIP

if TYPE_CHECKING:
    from tasnet2hef.diagnose.reduce.reduce_report import ReduceReport

_OPERATORS_SHOWN = 8


def command(
    graph: Path = typer.Argument(metavar="GRAPH.onnx", help="ONNX file that fails."),
    check: str = typer.Option(
        "", "--check", metavar="'COMMAND {}'", help="Command that fails on the graph; {} is the graph's path."
    ),
    rule: str = typer.Option("", "--rule", metavar="ID", help="A rule of `check` that the graph breaks."),
    signature: str = typer.Option(
        "", "--signature", metavar="NAME", help="The recorded failure that the command's output must show."
    ),
    match: str = typer.Option(
        "", "--match", metavar="REGEX", help="What the command's output must match to be the same failure."
    ),
    hardware: str = typer.Option(
        DEFAULT_CHIP, "--hw", metavar="CHIP", help=f"Chip that --rule checks for: {CHIPS}."
    ),
    input_shape: InputShapeOption = [],
    timeout: float = typer.Option(
        600.0,
        min=0.1,
        metavar="SECONDS",
        help="Seconds that the command may take on one graph.",
        rich_help_panel=RARE_PANEL,
    ),
    max_attempts: int = typer.Option(
        200, min=10, metavar="NUMBER", help="Most graphs to try.", rich_help_panel=RARE_PANEL
    ),
    repeats: int = typer.Option(
        2,
        min=1,
        metavar="NUMBER",
        help="Runs of the original and of the result, to find flaky failures.",
        rich_help_panel=RARE_PANEL,
    ),
    output: Path = typer.Option(
        Path("reduced"),
        "--output",
        "-o",
        metavar="FOLDER",
        help="Folder to write; an interrupted reduction in it is resumed.",
    ),
    scheduler: SchedulerOption = "",
    workers: WorkersOption = 0,
    force: ForceOption = False,
    json_output: JsonOption = False,
) -> None:
    """Cut a failing graph down to the few nodes that still fail in the same way, ready for a vendor's ticket.

    Two failures are the same if `--match` finds both, else if they show the same rule of `check` or the same
    recorded signature of the compiler, else if the last lines that mention an error agree except for numbers,
    paths and names.

    Example:

    `tasnet2hef reduce build/my_model.onnx --check 'python parse_it.py {}' -o reduced/`
    """
    from tasnet2hef.cli.progress import ReduceProgressBar
    from tasnet2hef.diagnose.reduce.options import ReduceOptions
    from tasnet2hef.diagnose.reduce.reduce import reduce_file

    options = ReduceOptions(
        check=check,
        rule=rule,
        signature=signature,
        match=match,
        hardware=hardware,
        input_shapes=parse_shapes(input_shape),
        timeout_seconds=timeout,
        max_attempts=max_attempts,
        repeats=repeats,
        output=output,
        scheduler=scheduler,
        workers=workers,
        force=force,
    )
    with closing(ReduceProgressBar(show.error_console(soft_wrap=True))) as display:
        report = reduce_file(graph, options, display)
    if json_output:
        show.print_json(report.to_json())
    else:
        print_report(report)
    refuse(report)


def print_report(report: ReduceReport) -> None:
    """Print the result and where its files are."""
    rows = [
        ("nodes", f"{report.nodes_before} to {report.nodes_after}"),
        ("operators", first_few(report.operators, _OPERATORS_SHOWN)),
        ("failure", report.failure),
        ("message", report.message),
        ("weights", report.weights),
        ("graphs tried", _tried(report)),
        ("graph", str(report.reduced)),
        ("reproduce with", f"sh {report.script}"),
        ("text for a ticket", str(report.ticket)),
        ("every step", str(report.steps[-1].parent)),
    ]
    show.text_table(f"{report.source.name} reduced", ("", "result"), rows)
    if not report.minimal:
        show.notice(f"not minimal: {report.attempts} graphs were tried; continue with more --max-attempts")
    if report.weights == "own":
        show.notice("the result contains the original's weights: with random ones it no longer fails")


def _tried(report: ReduceReport) -> str:
    ahead = f", and {report.tried_ahead} ahead that were not needed" if report.tried_ahead else ""
    return f"{report.attempts}{ahead}"


def refuse(report: ReduceReport) -> None:
    """Refuse a reduction whose result is flaky.

    Raises:
        RefusedError: the result failed in some of its runs only.
    """
    if not report.repeatable:
        raise RefusedError(
            f"{report.reduced}: failed in the same way in {report.same_runs} of {report.runs} runs, expected all; "
            "the failure is flaky, so don't trust this result"
        )
