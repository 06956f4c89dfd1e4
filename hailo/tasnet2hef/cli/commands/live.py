"""``tasnet2hef live``: separates a microphone and plays the chosen source."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.outcome import OK, WARNING
from tasnet2hef.base.records import shown
from tasnet2hef.cli import show
from tasnet2hef.cli.options import RARE_PANEL, ForceOption, JsonOption, ThreadsOption, number_in, parse_halo
from tasnet2hef.runtime.live.controls import Controls
from tasnet2hef.runtime.live.options import LiveOptions

if TYPE_CHECKING:
    from tasnet2hef.runtime.live.device_endpoints import Device
    from tasnet2hef.runtime.live.session import StateCallback
    from tasnet2hef.runtime.live.summary import Latency, LiveSummary

DEVICES_PANEL: Final = "Sound devices"


def command(
    graph: Path | None = typer.Argument(
        None, metavar="GRAPH", help="ONNX file made by `convert`.", show_default=False
    ),
    source: int = typer.Option(
        Controls.source, metavar="NUMBER", help="The source to play first; keys 1, 2, ... choose others."
    ),
    gain_db: float = typer.Option(
        Controls.gain_db, "--gain", metavar="DB", help="Gain of the played source in dB."
    ),
    channels: str | None = typer.Option(
        None,
        metavar="NUMBERS",
        help="Channels of the microphone, from 1, e.g. `1,2,4`: each is separated on its own, side by side in the "
        "columns of a graph made with `--streams`, and played on a channel of its own.",
        show_default="1; for a file the mean",
        rich_help_panel=RARE_PANEL,
    ),
    from_file: Path | None = typer.Option(None, metavar="FILE", help="A recording in place of the microphone."),
    to_file: Path | None = typer.Option(
        None, metavar="FILE", help="A WAV file in place of the loudspeaker, with the same sound, latency included."
    ),
    speed: float = typer.Option(
        LiveOptions.speed,
        metavar="NUMBER",
        help="Speed of `--from-file`: 1 is real time, 0 as fast as possible.",
        rich_help_panel=RARE_PANEL,
    ),
    record: Path | None = typer.Option(
        None, metavar="FOLDER", help="Folder for the mixture and every source, sample-aligned."
    ),
    overlap: float | None = typer.Option(
        None,
        metavar="SHARE",
        help="Share of a window that the next one repeats, 0 to 0.75.",
        show_default="as in separate",
        rich_help_panel=RARE_PANEL,
    ),
    halo: str | None = typer.Option(
        None,
        metavar="MS|full",
        help="For norms that stream: milliseconds on each side, or `full`.",
        show_default="as in separate",
        rich_help_panel=RARE_PANEL,
    ),
    input_device: str | None = typer.Option(
        None,
        metavar="DEVICE",
        help="Number, or part of the name, of the microphone.",
        rich_help_panel=DEVICES_PANEL,
    ),
    output_device: str | None = typer.Option(
        None, metavar="DEVICE", help="The same for the loudspeaker.", rich_help_panel=DEVICES_PANEL
    ),
    rate_hz: int | None = typer.Option(
        None,
        "--rate",
        min=1000,
        metavar="HZ",
        help="Rate of the devices in Hz.",
        show_default="their own",
        rich_help_panel=DEVICES_PANEL,
    ),
    threads: ThreadsOption = None,
    backend: str | None = typer.Option(
        None,
        "--backend",
        metavar="onnxruntime|hailort",
        help="`onnxruntime` (CPU) or `hailort` (device); each runs its own file beside GRAPH.",
        show_default="by the file's ending",
        rich_help_panel=RARE_PANEL,
    ),
    list_devices: bool = typer.Option(
        False, "--list-devices", help="List the sound devices and stop.", rich_help_panel=DEVICES_PANEL
    ),
    force: ForceOption = False,
    json_output: JsonOption = False,
) -> None:
    """Separate a microphone live and play one source.

    Keys: 1, 2, ... choose a source, b bypasses, q (or Ctrl-C) ends. The latency is printed at the start; it is
    mostly the window: export a shorter one, or a causal net with `--stateful`, for less. The level is set
    during the session, from the sound up to then.

    Example:

    `tasnet2hef live build/my_model.onnx --from-file mixture.wav --to-file heard.wav`
    """
    from tasnet2hef.runtime.live.live import run_live

    if list_devices:
        print_devices(json_output)
        return
    if graph is None:
        raise OptionError("GRAPH: found none, expected an ONNX file made by convert; see tasnet2hef live --help")
    options = LiveOptions(
        channels=None if channels is None else parse_channels(channels),
        from_file=from_file,
        to_file=to_file,
        speed=speed,
        input_device=parse_device(input_device),
        output_device=parse_device(output_device),
        rate_hz=rate_hz,
        overlap=overlap,
        halo=None if halo is None else parse_halo(halo),
        record=record,
        force=force,
        threads=threads,
        runtime=backend,
    )
    controls = Controls(source, gain_db)
    with ExitStack() as screen:
        summary = run_live(
            graph, options, controls, lambda n_src, latency: _start(screen, controls, n_src, latency)
        )
    if json_output:
        show.print_json(summary.to_json())
    else:
        print_summary(summary)


def parse_channels(text: str) -> tuple[int, ...]:
    """Parse channel numbers from 1, separated by commas.

    Raises:
        OptionError: the text is anything else.

    >>> parse_channels("1,3")
    (1, 3)
    """
    numbers = [part.strip() for part in text.split(",")]
    channels = tuple(number_in(number) or 0 for number in numbers)
    if not all(channels):
        raise OptionError(f"--channels: found {shown(text)}, expected numbers from 1, for example 1,2")
    return channels


def parse_device(text: str | None) -> Device:
    """Parse a device's number or name.

    >>> parse_device("3"), parse_device("usb")
    (3, 'usb')
    """
    number = None if text is None else number_in(text)
    return text if number is None else number


def print_devices(json_output: bool) -> None:
    """Print the sound devices."""
    from tasnet2hef.runtime.live.device_endpoints import list_devices

    devices = list_devices()
    if json_output:
        show.print_json({"devices": devices})
        return
    columns = ("name", "number", "channels in", "channels out", "rate [Hz]")
    keys = ("name", "number", "channels_in", "channels_out", "rate_hz")
    rows = [[str(device[key]) for key in keys] for device in devices]
    show.table("Sound devices", columns, rows)


def print_summary(summary: LiveSummary) -> None:
    """Print the summary of a session."""

    def rtf(value: float | None) -> str:
        return "no window was complete" if value is None else f"{value:.3f}"

    rows = [
        ("captured", f"{summary.seconds:.1f} s in {summary.windows} windows"),
        ("real-time factor, p50", rtf(summary.rtf_p50)),
        ("real-time factor, p95", rtf(summary.rtf_p95)),
        ("latency", f"{summary.latency.total_ms:.0f} ms"),
        ("overruns", f"{summary.overruns} blocks, {summary.dropped_seconds:.2f} s replaced by silence"),
        ("lost by the system", f"{summary.device_overflows} times"),
        ("underruns", f"{summary.underruns}, {summary.playback_dropped_seconds:.2f} s dropped"),
        ("clipped", f"{summary.clipped_samples} samples"),
    ]
    lost = summary.overruns or summary.underruns or summary.device_overflows
    show.verdict(
        WARNING if lost else OK, "Kept up with the sound" if not lost else "Did not keep up: sound was lost"
    )
    show.facts(rows)
    if summary.is_exact:
        show.paragraph("the model's output equals inference on the whole stream at once")


def _start(screen: ExitStack, controls: Controls, n_src: int, latency: Latency) -> StateCallback:
    from tasnet2hef.cli.live_meter import live_meter

    parts = [("windows", latency.window_ms), ("resampling", latency.resampling_ms)]
    parts += [("blocks", latency.block_ms), ("computing", latency.computing_ms)]
    parts_text = ", ".join(f"{name} {ms:.0f}" for name, ms in parts if ms)
    show.notice(f"latency {latency.total_ms:.0f} ms ({parts_text}), without that of the sound card")
    return screen.enter_context(live_meter(controls, n_src))
