"""``tasnet2hef calibrate``: recordings into a calibration set."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tasnet2hef.cli import show
from tasnet2hef.cli.options import AnyDataOption, ForceOption, JsonOption
from tasnet2hef.cli.progress import progress_bar

if TYPE_CHECKING:
    from tasnet2hef.quantize.calibration.report import CalibrationReport


def command(
    graph: Path = typer.Argument(help="ONNX file made by `convert`."),
    recordings: Path = typer.Argument(help="Folder of WAV or FLAC files, as the chip will hear them."),
    output: Path = typer.Option(Path("calib.npz"), "--output", "-o", help="Calibration set to write."),
    windows: int = typer.Option(
        64, "--windows", "-n", help="Windows to draw; 1024 for the compiler's best passes."
    ),
    mix: int | None = typer.Option(
        None,
        help="Recordings to add up in each window.",
        show_default="as many as the net has sources if the recordings hold single voices, else 1",
    ),
    level_spread_db: float = typer.Option(
        6.0, help="Scale each window by up to this much, up or down: speech varies in level."
    ),
    seed: int = typer.Option(0, help="The same seed draws the same windows."),
    any_data: AnyDataOption = False,
    force: ForceOption = False,
    json_output: JsonOption = False,
) -> None:
    """Draw calibration windows from real recordings, at the model's rate and window.

    Example: `tasnet2hef calibrate build/my_model.onnx speech/ -o build/calib.npz`

    For a stateful graph a window is a chunk in mid-stream: the graph runs over the receptive field before it, and
    the past rows that this leaves are stored with the chunk, in an array for each input.
    """
    from tasnet2hef.quantize.calibration.calibrate import calibrate_graph
    from tasnet2hef.quantize.calibration.window_draw import Draw
    from tasnet2hef.target.graph.opened import OpenedGraph

    draw = Draw(windows, seed, mix, level_spread_db, any_data)
    with progress_bar(f"drawing {windows} windows") as progress:
        report = calibrate_graph(OpenedGraph.read(graph), recordings, output, draw, progress, force=force)
    if json_output:
        show.print_json(report.to_json())
    else:
        _print_report(report)
    if report.warning:
        show.warn(report.warning)


def _print_report(report: CalibrationReport) -> None:
    metadata = report.metadata
    states = len(report.layers) - 1
    rows = [
        (report.input_layer, str([metadata.windows, *report.shape])),
        *([("past rows", f"{states} arrays; {report.size_bytes:,} bytes in all")] if states else []),
        ("recordings", f"{metadata.recordings}, {metadata.seconds_of_audio:.0f} s"),
        ("mixed in a window", str(metadata.mixed)),
        ("level, median", f"{metadata.median_level_db:.1f} dB of full scale"),
        ("silent / clipped windows", f"{metadata.silent_windows} / {metadata.clipped_windows}"),
    ]
    show.console().print(show.table(str(report.path), ("calibration set", ""), rows))
    for note in metadata.notes:
        show.notice(note)
