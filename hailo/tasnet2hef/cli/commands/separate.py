"""``tasnet2hef separate``: separates an audio file into its sources."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tasnet2hef.base.errors import OptionError
from tasnet2hef.cli import show
from tasnet2hef.cli.options import (
    RARE_PANEL,
    ForceOption,
    JsonOption,
    ThreadsOption,
    VerboseOption,
    parse_channel,
    parse_halo,
)
from tasnet2hef.cli.progress import progress_bar, waiting
from tasnet2hef.cli.tables import print_separation

if TYPE_CHECKING:
    from tasnet2hef.runtime.backends import Backend


def command(
    graph: Path = typer.Argument(metavar="GRAPH", help="ONNX file made by `convert`, or HEF made by `compile`."),
    recording: Path = typer.Argument(
        metavar="RECORDING.wav", help="WAV or FLAC file, any rate, any number of channels, any length."
    ),
    output: Path = typer.Option(
        Path("out"), "--output", "-o", metavar="FOLDER", help="Folder for one WAV file per source."
    ),
    reference: list[Path] = typer.Option(
        [],
        "--reference",
        "-r",
        metavar="FILE",
        help="A true source; repeat the option for each: adds SI-SDR to the report.",
    ),
    channel: str = typer.Option(
        "mix",
        metavar="mix|each|NUMBER",
        help="`mix`: mean of all channels. `each`: every channel on its own. A number from 1: that channel.",
        rich_help_panel=RARE_PANEL,
    ),
    overlap: float | None = typer.Option(
        None,
        metavar="SHARE",
        help="Share of a window that the next one repeats, 0 to 0.75.",
        show_default="measured best",
        rich_help_panel=RARE_PANEL,
    ),
    halo: str | None = typer.Option(
        None,
        metavar="MS|full",
        help="For norms that stream (cLN, bN), instead of an overlap: milliseconds on each side of a window that "
        "are computed and discarded, or `full`: as if the whole file were one window.",
        show_default="full where it costs no more than the overlap",
        rich_help_panel=RARE_PANEL,
    ),
    raw_scale: bool = typer.Option(
        False,
        "--raw-scale",
        help="Keep the model's own level (float files); don't scale to add up to the mixture.",
        rich_help_panel=RARE_PANEL,
    ),
    backend: str | None = typer.Option(
        None,
        "--backend",
        metavar="onnxruntime|hailort",
        help="`onnxruntime` (CPU) or `hailort` (device); each runs its own file beside GRAPH.",
        show_default="hailort for a HEF",
        rich_help_panel=RARE_PANEL,
    ),
    calibration: Path | None = typer.Option(
        None,
        "--calib",
        metavar="FILE",
        help="Calibration set made by `calibrate`: simulate 8 bits, to hear their effect.",
    ),
    threads: ThreadsOption = None,
    force: ForceOption = False,
    verbose: VerboseOption = False,
    json_output: JsonOption = False,
) -> None:
    """Separate a recording into its sources, on the CPU or, from a HEF, on the device.

    Example:

    `tasnet2hef separate build/my_model.onnx mixture.wav -o out/`

    On the device:

    `tasnet2hef separate build/my_model.hef mixture.wav -o out_device/`
    """
    show.set_verbose(verbose)
    from tasnet2hef.runtime.separate import separate_file

    model: Path | Backend = graph
    made_with, made_for, remarks = "", "", tuple[str, ...]()
    if calibration is not None:
        model, made_with, made_for, remarks = simulated(graph, calibration, backend, threads)
    with progress_bar(f"separating {recording.name}") as progress:
        report = separate_file(
            model,
            recording,
            output,
            references=reference,
            channel=parse_channel(channel),
            overlap=overlap,
            halo=None if halo is None else parse_halo(halo),
            raw_scale=raw_scale,
            threads=threads,
            runtime=backend,
            progress=progress,
            origin=made_with,
            force=force,
        )
    report = replace(report, simulated=made_for, notes=(*report.notes, *remarks))
    if json_output:
        show.print_json(report.to_json())
    else:
        print_separation(report)
        show.next_command(_heard_on_a_page(graph, recording, calibration), "hear it beside the mixture, on a page")


def _heard_on_a_page(graph: Path, recording: Path, calibration: Path | None) -> str:
    """Return the `report` command for what was separated; a HEF's page is its graph's."""
    words = ["tasnet2hef", "report", str(graph.with_suffix(".onnx")), "--recording", str(recording)]
    words += ["--hef", str(graph)] if graph.suffix == ".hef" else []
    words += ["--calib", str(calibration)] if calibration is not None else []
    return shlex.join(words)


def simulated(
    graph: Path, calibration: Path, requested: str | None, threads: int | None
) -> tuple[Backend, str, str, tuple[str, ...]]:
    """Prepare a graph's 8-bit simulation; return it, what it computes, the set it was made with, and remarks.

    Raises:
        OptionError: another runtime was asked for.
        InputError: the graph or the calibration set can't be used.
    """
    from tasnet2hef.quantize.calibration.calibration_set import open_calibration, origin
    from tasnet2hef.quantize.simulator import Preparation, prepare
    from tasnet2hef.target.graph.opened import OpenedGraph

    if requested not in (None, "onnxruntime"):
        raise OptionError(f"--calib: found --backend {requested} beside it; 8 bits are simulated by onnxruntime")
    with waiting("preparing 8 bits"):
        opened, stored = OpenedGraph.read(graph), open_calibration(calibration)
        simulator = prepare(opened, stored, Preparation(threads=threads))
        return simulator.backend(), f"8 bits {opened.made_from}", origin(stored), tuple(simulator.notes)
