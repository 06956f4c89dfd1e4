"""``tasnet2hef calibrate``: recordings into a calibration set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tasnet2hef.base.outcome import OK, WARNING
from tasnet2hef.base.text import counted
from tasnet2hef.cli import show
from tasnet2hef.cli.options import RARE_PANEL, AnyDataOption, ForceOption, JsonOption, VerboseOption
from tasnet2hef.cli.page import print_next
from tasnet2hef.cli.progress import progress_bar

if TYPE_CHECKING:
    from tasnet2hef.quantize.calibration.report import CalibrationReport


def command(
    graph: Path = typer.Argument(metavar="GRAPH.onnx", help="ONNX file made by `convert`."),
    recordings: Path = typer.Argument(
        metavar="SPEECH_FOLDER", help="Folder of WAV or FLAC files, as the chip will hear them."
    ),
    output: Path = typer.Option(
        Path("calib.npz"), "--output", "-o", metavar="FILE", help="Calibration set to write."
    ),
    windows: int = typer.Option(
        64, "--windows", "-n", metavar="NUMBER", help="Windows to draw; 1024 for the compiler's best passes."
    ),
    mix: int | None = typer.Option(
        None,
        metavar="NUMBER",
        help="Recordings to add up in each window.",
        show_default="as many as the net has sources if the recordings hold single voices, else 1",
    ),
    level_spread_db: float = typer.Option(
        6.0,
        metavar="DB",
        help="Scale each window by up to this much, up or down: speech varies in level.",
        rich_help_panel=RARE_PANEL,
    ),
    seed: int = typer.Option(
        0, metavar="NUMBER", help="The same seed draws the same windows.", rich_help_panel=RARE_PANEL
    ),
    any_data: AnyDataOption = False,
    force: ForceOption = False,
    verbose: VerboseOption = False,
    json_output: JsonOption = False,
) -> None:
    """Draw calibration windows from real recordings, at the model's rate and window.

    Example:

    `tasnet2hef calibrate build/my_model.onnx speech/ -o build/calib.npz`

    For a stateful graph a window is a chunk in mid-stream: the graph runs over the receptive field before it, and
    the past rows that this leaves are stored with the chunk, in an array for each input.
    """
    show.set_verbose(verbose)
    from tasnet2hef.quantize.calibration.calibrate import calibrate_graph
    from tasnet2hef.quantize.calibration.window_draw import Draw
    from tasnet2hef.target.graph.opened import OpenedGraph

    draw = Draw(windows, seed, mix, level_spread_db, any_data)
    with progress_bar(f"drawing {windows} windows") as progress:
        opened = OpenedGraph.read(graph)
        report = calibrate_graph(opened, recordings, output, draw, progress, force=force)
    if json_output:
        show.print_json(report.to_json())
    else:
        _print_report(report)
    if report.warning:
        show.warn(report.warning)
    if not json_output:
        print_next(opened, calibration=report.path)


def _print_report(report: CalibrationReport) -> None:
    metadata = report.metadata
    states = len(report.layers) - 1
    show.verdict(
        WARNING if report.warning or metadata.clipped_windows else OK,
        f"{report.path}: {counted(metadata.windows, 'window')} of {metadata.mixed} mixed "
        f"{'recording' if metadata.mixed == 1 else 'recordings'}",
    )
    rows = [
        (report.input_layer, str([metadata.windows, *report.shape])),
        *([("past rows", f"{states} arrays; {report.size_bytes:,} bytes in all")] if states else []),
        ("recordings", f"{metadata.recordings}, {metadata.seconds_of_audio:.0f} s"),
        ("level, median", f"{metadata.median_level_db:.1f} dB of full scale"),
        ("silent / clipped windows", f"{metadata.silent_windows} / {metadata.clipped_windows}"),
    ]
    show.facts(rows)
    for note in metadata.notes:
        show.notice(note)
