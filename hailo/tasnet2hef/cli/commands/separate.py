"""``tasnet2hef separate``: separates an audio file into its sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tasnet2hef.base.errors import OptionError
from tasnet2hef.cli import show
from tasnet2hef.cli.options import JsonOption, ThreadsOption
from tasnet2hef.cli.progress import progress_bar, waiting

if TYPE_CHECKING:
    from tasnet2hef.audio.files import Channel
    from tasnet2hef.runtime.backends import Backend
    from tasnet2hef.runtime.separation_report import SeparationReport
    from tasnet2hef.runtime.stream.halo import Halo


def command(
    graph: Path = typer.Argument(help="ONNX file made by `convert`, or HEF made by `compile`."),
    recording: Path = typer.Argument(help="WAV or FLAC file, any rate, any number of channels, any length."),
    output: Path = typer.Option(Path("out"), "--output", "-o", help="Folder for one WAV file per source."),
    reference: list[Path] = typer.Option(
        [], "--reference", "-r", help="A true source; repeat the option for each: adds SI-SDR to the report."
    ),
    channel: str = typer.Option(
        "mix", help="`mix`: mean of all channels. `each`: every channel on its own. A number from 1: that channel."
    ),
    overlap: float | None = typer.Option(
        None, help="Share of a window that the next one repeats, 0 to 0.75.", show_default="measured best"
    ),
    halo: str | None = typer.Option(
        None,
        help="For norms that stream (cLN, bN), instead of an overlap: milliseconds on each side of a window that "
        "are computed and discarded, or `full`: as if the whole file were one window.",
        show_default="full where it costs no more than the overlap",
    ),
    raw_scale: bool = typer.Option(
        False,
        "--raw-scale",
        help="Keep the model's own level (float files); don't scale to add up to the mixture.",
    ),
    backend: str | None = typer.Option(
        None,
        "--backend",
        help="`onnxruntime` (CPU) or `hailort` (device); each runs its own file beside GRAPH.",
        show_default="hailort for a HEF",
    ),
    calibration: Path | None = typer.Option(
        None, "--calib", help="Calibration set made by `calibrate`: simulate 8 bits, to hear their effect."
    ),
    threads: ThreadsOption = None,
    json_output: JsonOption = False,
) -> None:
    """Separate a recording into its sources, on the CPU or, from a HEF, on the device.

    Example: `tasnet2hef separate build/my_model.onnx mixture.wav -o out/`
    On the device: `tasnet2hef separate build/my_model.hef mixture.wav -o out/`
    """
    from tasnet2hef.runtime.separate import separate_file

    model = graph if calibration is None else simulated(graph, calibration, backend, threads)
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
        )
    if json_output:
        show.print_json(report.to_json())
    else:
        print_report(report)


def simulated(graph: Path, calibration: Path, asked: str | None, threads: int | None) -> Backend:
    """Prepare a graph's 8-bit simulation.

    Raises:
        OptionError: another runtime was asked for.
        InputError: the graph or the calibration set can't be used.
    """
    from tasnet2hef.quantize.calibration.calibration_set import open_calibration
    from tasnet2hef.quantize.simulator import Preparation, prepare
    from tasnet2hef.target.graph.opened import OpenedGraph

    if asked not in (None, "onnxruntime"):
        raise OptionError(f"--calib: found --backend {asked} beside it; 8 bits are simulated by onnxruntime")
    with waiting("preparing 8 bits"):
        return prepare(
            OpenedGraph.read(graph), open_calibration(calibration), Preparation(threads=threads)
        ).backend()


def parse_channel(text: str) -> Channel:
    """Parse ``mix``, ``each`` or a channel's number from 1.

    Raises:
        OptionError: it is none of these.

    >>> parse_channel("1")
    1
    """
    if text == "mix":
        return "mix"
    if text == "each":
        return "each"
    if text.isdecimal() and int(text) > 0:
        return int(text)
    raise OptionError(f"--channel: found {text!r}, expected mix, each or a number from 1")


def parse_halo(text: str) -> Halo:
    """Parse ``full`` or a number of milliseconds.

    Raises:
        OptionError: it is none of these.

    >>> parse_halo("200")
    200.0
    """
    if text == "full":
        return "full"
    try:
        return float(text)
    except ValueError:
        raise OptionError(f"--halo: found {text!r}, expected full or milliseconds, for example 200") from None


def print_report(report: SeparationReport) -> None:
    """Print the files and, with references, the scores of the sources."""
    console = show.console()
    if report.si_sdr_db is None or report.si_sdr_improvement_db is None or report.source_numbers is None:
        console.print(show.table("Sources", ("file",), [(str(path),) for path in report.outputs]))
    else:
        rows = [
            (str(report.outputs[number - 1]), str(reference), f"{db:.1f}", f"{gained:+.1f}")
            for reference, (number, db, gained) in enumerate(
                zip(report.source_numbers, report.si_sdr_db, report.si_sdr_improvement_db, strict=True), start=1
            )
        ]
        console.print(show.table("Sources", ("file", "reference", "SI-SDR [dB]", "over the mixture [dB]"), rows))
    console.print(
        f"{report.audio_seconds:.1f} s in {report.windows} windows of {report.window_seconds:.2f} s, "
        f"real-time factor {report.rtf:.3f} ({1 / report.rtf:.0f} times faster than real time)"
        if report.rtf < 1
        else f"{report.audio_seconds:.1f} s, real-time factor {report.rtf:.3f}"
    )
    if report.is_exact:
        console.print("  the model's output equals inference on the whole file at once")
    for note in report.notes:
        show.notice(note)
