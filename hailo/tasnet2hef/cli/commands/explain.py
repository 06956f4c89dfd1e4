"""``tasnet2hef explain``: the cause of a failure, from a log that a run of the compiler or of HailoRT left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.text import nearest
from tasnet2hef.cli import show
from tasnet2hef.cli.options import CHIPS, ForceOption, InputShapeOption, JsonOption, parse_shapes
from tasnet2hef.cli.tables import print_explanation
from tasnet2hef.target.known import DEFAULT_CHIP, load_chip

if TYPE_CHECKING:
    from tasnet2hef.target.failures.facts import Facts

_STAGES: Final = ("translate", "optimize", "emulate", "compile", "runtime")


def command(
    log: Path = typer.Argument(
        metavar="LOG.txt", help="Text log of the compiler or of HailoRT; `-` reads the standard input."
    ),
    graph: Path | None = typer.Option(
        None, "--graph", metavar="FILE", help="ONNX file of the run: rules out what it can't be."
    ),
    script: Path | None = typer.Option(None, "--script", metavar="FILE", help="Model script (.alls) of the run."),
    calibration: Path | None = typer.Option(
        None, "--calib", metavar="FILE", help="Calibration set (.npz) of the run."
    ),
    stage: str = typer.Option("", "--stage", metavar="STAGE", help=f"Stage that failed: {', '.join(_STAGES)}."),
    hardware: str | None = typer.Option(
        None, "--hw", metavar="CHIP", help=f"Chip: {CHIPS}.", show_default="not known"
    ),
    compiler: str = typer.Option("", "--dfc", metavar="3.33.0", help="Version of the compiler."),
    input_shape: InputShapeOption = [],
    report: Path | None = typer.Option(
        None, "--output", "-o", metavar="FILE", help="Write a report to send: no weights, no private paths."
    ),
    force: ForceOption = False,
    json_output: JsonOption = False,
) -> None:
    """Explain a failure from its log: cause, where that is known from, fix and next command.

    With the graph, the model script and the calibration set, a cause that they rule out is not told.

    Example:

    `tasnet2hef explain compile.log --graph build/my_model.onnx --stage compile`

    `--json` prints one object: `signature` (`unknown` for a failure that is not known, `no-failure` for a log
    without one), `known`, `cause`, `fix`, `grade`, `evidence`, `node` (null where none is named), `commands`.
    """
    from tasnet2hef.base.files import written_beside
    from tasnet2hef.base.marks import Mark
    from tasnet2hef.base.outputs import Output, require_outputs
    from tasnet2hef.target.failures.classify import Situation, explain_log
    from tasnet2hef.target.failures.failure_report import failure_report
    from tasnet2hef.target.failures.logs import STDIN, read_log
    from tasnet2hef.target.graph.opened import OpenedGraph

    if stage and stage not in _STAGES:
        hint = nearest(stage, _STAGES)
        raise OptionError(f"--stage: found {stage!r}, expected {', '.join(_STAGES)}{f'; {hint}' if hint else ''}")
    if hardware is not None:
        load_chip(hardware)  # a wrong name is refused before the work
    text = read_log(log)
    mark = Mark.of("explain", text)
    if report is not None:
        read = [
            log,
            *(() if graph is None else OpenedGraph.read(graph).files),
            *filter(None, (script, calibration)),
        ]
        require_outputs([Output(report, mark)], read, force=force)
    facts = _facts(graph, script, calibration, compiler, hardware, input_shape)
    situation = Situation(
        graph or Path("MODEL.onnx"),
        calibration or Path("CALIB.npz"),
        Path("MODEL.hef"),
        hardware or DEFAULT_CHIP,
        script,
        log=Path("LOG.txt") if log == STDIN else log,
    )
    explanation = explain_log(text, stage, situation, facts)
    if report is not None:
        with written_beside(report) as part:
            part.write_text(
                mark.in_text(failure_report(explanation, stage, text, facts), "<!-- {} -->"), encoding="utf-8"
            )
    if json_output:
        show.print_json(explanation.summary())
    else:
        print_explanation(explanation, report)


def _facts(
    graph: Path | None,
    script: Path | None,
    calibration: Path | None,
    compiler: str,
    hardware: str | None,
    input_shape: list[str],
) -> Facts:
    """Return what is known besides the log."""
    import dataclasses

    from tasnet2hef.target.alls.parser import parse_script, read_script
    from tasnet2hef.target.check import check_graph
    from tasnet2hef.target.failures.facts import NOTHING_KNOWN, facts_of_graph
    from tasnet2hef.target.files.npz_shapes import window_shapes
    from tasnet2hef.target.graph.opened import OpenedGraph

    facts = NOTHING_KNOWN
    if graph is not None:
        opened = OpenedGraph.read(graph, parse_shapes(input_shape))
        facts = facts_of_graph(opened, check_graph(opened, hardware or DEFAULT_CHIP).findings)
    statements = None if script is None else parse_script(read_script(script), str(script))
    windows = {} if calibration is None else window_shapes(calibration)
    return dataclasses.replace(
        facts, script=statements, calibration=windows, compiler=compiler, hardware=hardware or ""
    )
