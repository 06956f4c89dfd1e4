"""``tasnet2hef patch``: small repairs of a foreign ONNX graph."""

from __future__ import annotations

from pathlib import Path

import typer

from tasnet2hef.base.errors import OptionError
from tasnet2hef.cli import show
from tasnet2hef.cli.options import ForceOption, JsonOption


def command(
    graph: Path = typer.Argument(metavar="GRAPH.onnx", help="ONNX file to patch."),
    output: Path | None = typer.Option(
        None, "--output", "-o", metavar="FILE", help="Where to write it; default: in place."
    ),
    force: ForceOption = False,
    json_output: JsonOption = False,
) -> None:
    """Apply the few patches that a foreign ONNX graph may need, and print what each one changed and why.

    Example:

    `tasnet2hef patch my_model.onnx`
    """
    from tasnet2hef.target.patch import patch_file

    if output is not None and output.exists() and output.samefile(graph):
        raise OptionError(
            f"{output}: is the graph itself; leave -o out to patch it in place, or choose another place"
        )
    report = patch_file(graph, output or graph, force=force)
    if json_output:
        show.print_json(report.to_json())
        return
    if not report.applied:
        origin = "a tasnet2hef export, which needs no patches" if report.is_own_export else "no patch applies"
        show.line(f"{report.onnx_path}: {origin}; unchanged")
        return
    for patch in report.applied:
        rows = [(change,) for change in patch.changes]
        show.table(f"{patch.patch_id}: {patch.why} ({patch.evidence})", ("changed",), rows)
    checked = f"{report.parity.db:.1f} dB" if report.parity else f"not compared: {report.unchecked}"
    show.line(f"{report.onnx_path}: written; before / after patching: {checked}")
