"""``tasnet2hef check``: what the compiler will refuse in a graph, before it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.markup import escape
from rich.table import Table

from tasnet2hef.base.errors import OptionError, RefusedError
from tasnet2hef.base.text import first_few
from tasnet2hef.cli import show
from tasnet2hef.cli.options import HardwareOption, InputShapeOption, JsonOption
from tasnet2hef.cli.page import add_to_page
from tasnet2hef.target.known import DEFAULT_CHIP

if TYPE_CHECKING:
    from tasnet2hef.target.check import CheckReport, FindingGroup

_NAMES_SHOWN = 3


def command(
    graph: Path = typer.Argument(help="ONNX file to check."),
    hardware: HardwareOption = DEFAULT_CHIP,
    input_shape: InputShapeOption = [],  # noqa: B006 (Typer makes a list of its own for each run)
    single_context: bool = typer.Option(
        False, "--single-context", help="Take a net that needs several contexts as an error."
    ),
    json_output: JsonOption = False,
) -> None:
    """Tell what the compiler will refuse in a graph and what it will cost; exit 1 if it will not compile.

    Example: `tasnet2hef check build/model.onnx --hw hailo8`
    """
    from tasnet2hef.target.check import check_graph
    from tasnet2hef.target.graph.opened import OpenedGraph

    opened = OpenedGraph.read(graph, read_shapes(input_shape))
    report = check_graph(opened, hardware, single_context=single_context)
    if json_output:
        show.print_json(report.to_json())
    else:
        print_report(report)
    add_to_page(opened, quiet=json_output, check=report)
    if report.exit_code:
        rules = ", ".join(dict.fromkeys(finding.rule for finding in report.errors))
        raise RefusedError(f"{graph}: {report.verdict}; the compiler will refuse it for {hardware}: {rules}")


def read_shapes(settings: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Read `--input-shape` options.

    >>> read_shapes(["input=1,1,1,16000"])
    {'input': (1, 1, 1, 16000)}
    """
    shapes = {}
    for setting in settings:
        name, _, sizes = setting.rpartition("=")
        numbers = sizes.replace("x", ",").split(",")
        if not name or not all(number.strip().isdigit() for number in numbers):
            raise OptionError(f"--input-shape {setting}: expected NAME=1,1,1,16000")
        shapes[name] = tuple(int(number) for number in numbers)
    return shapes


def print_report(report: CheckReport) -> None:
    """Print the findings, the predicted layers and their cost."""
    console = show.console()
    title = f"{report.name} on {report.resources.chip.name}: {report.verdict}"
    if report.findings:
        console.print(_findings_table(title, report.groups))
    else:
        console.print(title, markup=False)
    layers = [(type_, str(count)) for type_, count in report.resources.cost.layers_by_type.items()]
    console.print(show.table("Predicted layers", ("type", "count"), layers))
    console.print(show.table("Cost", ("of one run", ""), _cost_rows(report)))
    if report.resources.column_gain is not None:
        show.notice(report.resources.column_gain.sentence)
    for note in report.net.notes:
        show.notice(note)


def _findings_table(title: str, groups: Sequence[FindingGroup]) -> Table:
    """Make the table of findings: what happens, what to do and where that is known from share a cell."""
    made = Table(title=escape(title), title_justify="left", title_style="bold", show_lines=True)
    for column, ratio in (
        ("level", None),
        ("rule, stage", 2),
        ("layer", 2),
        ("ONNX node", 2),
        ("what happens", 8),
    ):
        made.add_column(column, overflow="fold", ratio=ratio)
    for group in groups:
        made.add_row(*(escape(cell) for cell in _cells(group)))
    return made


def _cells(group: FindingGroup) -> tuple[str, ...]:
    first = group.first
    message = f"{first.message}\nfix: {first.fix}\n{first.grade}: {first.source}"
    return (
        first.level,
        f"{first.rule}\n{first.stage}",
        first_few(group.layers, _NAMES_SHOWN, "\n"),
        first_few(group.nodes, _NAMES_SHOWN, "\n"),
        message,
    )


def _cost_rows(report: CheckReport) -> list[tuple[str, str]]:
    resources, cost = report.resources, report.resources.cost
    chip, widest = resources.chip, cost.widest_row
    apus = "unknown" if chip.apus is None else f"{int(chip.apus)}"
    rate = resources.gops_per_second_of_audio
    return [
        ("layers parsed / compiled", f"{cost.parsed_layers} / {cost.compiled_layers}"),
        ("LCUs", f"{cost.lcus} of {int(chip.layer_controllers)}, {chip.single_context_layers} in one context"),
        ("APUs", f"{cost.apus} of {apus}"),
        ("memory units for weights", f"{resources.memory_units} of {int(chip.memory_units)} [inferred]"),
        ("likely contexts", f"{resources.likely_contexts} [inferred]"),
        ("weights", f"{cost.weights:,}"),
        ("operations", f"{resources.gops:.3f} GOP"),
        ("operations a second of audio", "unknown" if rate is None else f"{rate:.3f} GOP/s"),
        ("widest row", f"{widest.values:,} bytes ({widest.width} x {widest.features}, {widest.layer})"),
        ("maps held whole", f"{len(cost.held_maps)}, {cost.held_values:,} bytes"),
    ]
