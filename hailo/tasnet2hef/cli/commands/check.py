"""``tasnet2hef check``: what the compiler will refuse in a graph, before it is asked."""

from __future__ import annotations

from pathlib import Path

import typer

from tasnet2hef.base.errors import RefusedError
from tasnet2hef.cli import show
from tasnet2hef.cli.options import (
    RARE_PANEL,
    HardwareOption,
    InputShapeOption,
    JsonOption,
    VerboseOption,
    parse_shapes,
)
from tasnet2hef.cli.page import add_to_page, print_next, step_after
from tasnet2hef.cli.tables import print_check
from tasnet2hef.target.known import DEFAULT_CHIP


def command(
    graph: Path = typer.Argument(metavar="GRAPH.onnx", help="ONNX file to check."),
    hardware: HardwareOption = DEFAULT_CHIP,
    input_shape: InputShapeOption = [],
    single_context: bool = typer.Option(
        False,
        "--single-context",
        help="Take a net that needs several contexts as an error.",
        rich_help_panel=RARE_PANEL,
    ),
    compiler: str = typer.Option(
        "",
        "--dfc",
        metavar="VERSION",
        help="Version of the compiler, e.g. `5.3`: findings without a record of it say so.",
        show_default="the installed one",
        rich_help_panel=RARE_PANEL,
    ),
    knowledge: Path | None = typer.Option(
        None,
        "--knowledge",
        metavar="FILE",
        help="Knowledge file of `probe`.",
        show_default="this machine's, for this compiler and chip",
        rich_help_panel=RARE_PANEL,
    ),
    page: bool = typer.Option(
        False, "--page", help="Also write the findings to the graph's report page, and say where it is."
    ),
    verbose: VerboseOption = False,
    json_output: JsonOption = False,
) -> None:
    """Predict what the compiler will refuse in a graph and what it will cost; exit 1 if it will not compile.

    Example:

    `tasnet2hef check build/model.onnx --hw hailo8`

    Nothing is written without `--page`. `--verbose` adds every place of a finding and its evidence.
    """
    show.set_verbose(verbose)
    from tasnet2hef.target.check import check_graph, check_here
    from tasnet2hef.target.graph.opened import OpenedGraph
    from tasnet2hef.target.knowledge import knowledge_from
    from tasnet2hef.target.known.releases import require_version

    opened = OpenedGraph.read(graph, parse_shapes(input_shape))
    version = require_version(compiler) if compiler else ""
    if knowledge is None:
        report, note = check_here(opened, hardware, version, single_context=single_context)
        if note:
            show.notice(note)
    else:
        known = knowledge_from(knowledge, version, hardware)
        report = check_graph(
            opened, hardware, single_context=single_context, compiler=version or known.compiler, knowledge=known
        )
    if json_output:
        show.print_json(report.to_json())
    else:
        print_check(report)
    if page:
        add_to_page(opened, quiet=json_output, check=report)
    if report.exit_code:
        rules = ", ".join(dict.fromkeys(finding.rule for finding in report.errors))
        raise RefusedError(
            f"{graph}: {report.verdict}; the compiler will refuse it for {hardware}: {rules}; next: "
            f"{step_after(opened, check=report).command}"
        )
    if not json_output:
        print_next(opened, check=report)
