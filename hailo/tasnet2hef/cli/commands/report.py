"""``tasnet2hef report``: the page of a run, made or made anew."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tasnet2hef.base.errors import OptionError
from tasnet2hef.cli import show
from tasnet2hef.cli.options import ForceOption, JsonOption, ThreadsOption
from tasnet2hef.cli.progress import progress_bar, waiting
from tasnet2hef.target.known import DEFAULT_CHIP

if TYPE_CHECKING:
    from tasnet2hef.report.listening import Listening
    from tasnet2hef.target.check import CheckReport
    from tasnet2hef.target.graph.opened import OpenedGraph


def command(
    place: Path = typer.Argument(
        metavar="PLACE", help="Folder with the results, a report folder, or an ONNX file."
    ),
    recording: Path | None = typer.Option(
        None,
        "--recording",
        metavar="FILE",
        help="Separate the first 10 s of this recording, to be heard on the page.",
    ),
    reference: list[Path] = typer.Option(
        [],
        "--reference",
        "-r",
        metavar="FILE",
        help="A true source of the recording, given once for each: adds SI-SDR.",
    ),
    calibration: Path | None = typer.Option(
        None,
        "--calib",
        metavar="FILE",
        help="Calibration set: the recording is also separated at 8 bits, simulated.",
    ),
    hef: Path | None = typer.Option(
        None, "--hef", metavar="FILE", help="HEF: the recording is also separated on the device."
    ),
    hardware: str | None = typer.Option(
        None,
        "--hw",
        metavar="CHIP",
        help="Chip to check an ONNX file for.",
        show_default=f"that of the last check, else {DEFAULT_CHIP}",
    ),
    threads: ThreadsOption = None,
    output: Path | None = typer.Option(
        None,
        "--output",
        "-o",
        metavar="FOLDER",
        help="Folder for the report of an ONNX file.",
        show_default="the graph's",
    ),
    force: ForceOption = False,
    json_output: JsonOption = False,
) -> None:
    """Make the page of a run: findings, graph, cost, 8 bits, and what it sounds like, in one HTML file.

    Example:

    `tasnet2hef report build/`

    An ONNX file that was not checked yet is checked first. With audio:

    `tasnet2hef report build/my_model.onnx --recording mixture.wav --calib build/calib.npz`
    """
    if recording is None and (reference or calibration or hef):
        raise OptionError("--recording: found none beside --reference, --calib or --hef, expected one; add it")
    if place.suffix == ".onnx":
        from tasnet2hef.report.facts import report_folder
        from tasnet2hef.report.save import write_report
        from tasnet2hef.target.graph.opened import OpenedGraph

        with waiting(f"reporting on {place.name}"):
            graph = OpenedGraph.read(place)
            folder = report_folder(graph.path if output is None else output / graph.path.name)
            checked = _check(graph, folder, hardware)
        heard = None if recording is None else _listen(graph, recording, reference, calibration, hef, threads)
        # Only now: a recording that can't be read leaves nothing behind.
        if checked is not None:
            write_report(graph, check=checked, folder=folder, force=force)
        if recording is not None:
            inputs = [recording, *reference, *filter(None, (calibration, hef))]
            write_report(graph, audio=heard, inputs=inputs, folder=folder, force=force)
        folders: tuple[Path, ...] = (folder,)
    else:
        if recording is not None or output is not None:
            raise OptionError(f"{place}: found --recording or --output, expected an ONNX file with them")
        folders = _found(place)
    with waiting("making the page"):
        pages = [_render(each, force=force) for each in folders]
    if json_output:
        show.print_json({"reports": [str(page) for page in pages]})
    for page in pages if not json_output else ():
        show.line(f"report: {page}")


def _found(place: Path) -> tuple[Path, ...]:
    from tasnet2hef.report.facts import find_report_folders

    if not place.exists():
        raise OptionError(f"{place}: no such file or folder; give a folder with results, or an ONNX file")
    folders = find_report_folders(place)
    if not folders:
        raise OptionError(
            f"{place}: found no report folder (*.report), expected one; give an ONNX file to start one"
        )
    return folders


def _check(graph: OpenedGraph, folder: Path, hardware: str | None) -> CheckReport | None:
    """Check a graph; None where its report folder has a check of it, as it is now, for this chip."""
    from tasnet2hef.report.facts import find_report_folders, read_facts
    from tasnet2hef.target.check import check_here

    kept = read_facts(folder).steps if find_report_folders(folder) else {}
    checked = kept.get("check")
    chip = None if checked is None else checked.result.get("cost", {}).get("hardware")
    if checked is not None and checked.graph_digest == graph.digest and hardware in (None, chip):
        return None
    return check_here(graph, hardware or chip or DEFAULT_CHIP)[0]


def _listen(
    graph: OpenedGraph,
    recording: Path,
    references: list[Path],
    calibration: Path | None,
    hef: Path | None,
    threads: int | None,
) -> Listening:
    from tasnet2hef.report.listening import listen

    with progress_bar(f"separating {recording.name}") as progress:
        return listen(
            graph,
            recording,
            references=references,
            calibration=calibration,
            hef=hef,
            threads=threads,
            progress=progress,
        )


def _render(folder: Path, *, force: bool) -> Path:
    from tasnet2hef.base.outputs import Output, require_outputs
    from tasnet2hef.report.facts import MARK, PAGE_NAME, read_facts
    from tasnet2hef.report.page import write_page

    require_outputs([Output(folder / PAGE_NAME, MARK)], force=force)
    return write_page(read_facts(folder))
