"""``tasnet2hef convert``: from a checkpoint to a graph, and on to a HEF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.text import counted
from tasnet2hef.cli import show
from tasnet2hef.cli.options import (
    AnyDataOption,
    AssumeOption,
    ForceCompileOption,
    HardwareOption,
    JsonOption,
    SettingsOption,
    parse_settings,
)
from tasnet2hef.cli.page import add_to_page
from tasnet2hef.cli.to_hef import (
    onnx_path,
    pages_of,
    print_finished,
    reject_orphan_options,
    require_hefs,
    run_pipeline,
    source_of,
)
from tasnet2hef.target.known import DEFAULT_CHIP

DEFAULT_CHUNK = 32
"""Frames: 33 ms of lag for a kernel of 16 and a stride of 8 samples at 8 kHz."""

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasnet2hef.base.graph_contract import GraphContract
    from tasnet2hef.compiler.pipeline import PipelineOptions
    from tasnet2hef.model.checkpoint import Checkpoint
    from tasnet2hef.model.export import ExportOptions, ExportReport
    from tasnet2hef.target.check import CheckReport


def command(
    checkpoint: str = typer.Argument(
        help="Checkpoint file or folder (Asteroid, torchaudio, ESPnet, SpeechBrain and others), or a Hugging Face "
        "id `org/name`."
    ),
    seconds: float = typer.Option(2.0, help="Length of the window that the device computes, in seconds."),
    output: Path = typer.Option(
        Path("build"), "--output", "-o", help="Folder for the results, or a path that ends in .onnx."
    ),
    settings: SettingsOption = [],
    assume: AssumeOption = False,
    reference: Path | None = typer.Option(
        None,
        help="An .npz with `input` and the genuine network's `output`: proves the reading of the file.",
    ),
    zero_padding: bool = typer.Option(
        False, "--zero-padding", help="For a net that pads by reflection: pad with zeros, and measure the loss."
    ),
    layout: str = typer.Option("tall", help="`tall`: time on H. `wide`: time on W."),
    residual: str = typer.Option(
        "separate", help="`joint`: residual stream and skip sum as one state; fewer layers, 1.4x the MACs."
    ),
    shift: str = typer.Option(
        "fold", help="A constant norm before a depthwise convolution: `fold` it away, or keep it as a `layer`."
    ),
    streams: int = typer.Option(
        1,
        help="Windows side by side in one tensor: 1, 2, 4 or 8. For chips that pad rows; on a CPU gLN is slower.",
    ),
    stateful: bool = typer.Option(
        False,
        "--stateful",
        help="For causal nets with cLN or bN: compute chunks, not windows; past rows are inputs and outputs.",
    ),
    chunk: int | None = typer.Option(
        None, help="Frames of a chunk, with `--stateful` and instead of `--seconds`.", show_default="32"
    ),
    segments: int = typer.Option(
        1,
        help="Also cut the graph between its blocks into that many files of about equal work, to be run in turn.",
    ),
    hardware: HardwareOption = DEFAULT_CHIP,
    recordings: Path | None = typer.Option(
        None,
        "--calib-audio",
        help="Recordings as the chip will hear them (a folder): run the pipeline to the HEF.",
    ),
    windows: int | None = typer.Option(
        None, "--windows", "-n", min=1, help="Calibration windows, see `calibrate`.", show_default="64"
    ),
    mix: int | None = typer.Option(
        None, min=1, max=5, help="Recordings to add up in each window, see `calibrate`.", show_default="by the net"
    ),
    any_data: AnyDataOption = False,
    simulate: bool = typer.Option(
        True, "--simulate/--no-simulate", help="Simulate 8 bits and write the model script: seconds."
    ),
    search: bool = typer.Option(
        False, "--search", help="Also search for the layers that need 16 bits: minutes, see `simulate`."
    ),
    script: Path | None = typer.Option(None, "--alls", help="Your own model script, instead of the simulation's."),
    python: str = typer.Option(
        "", "--hailo-python", help="Python that has the compiler.", show_default="to-hailo-env's, else this one"
    ),
    timeout: list[str] = typer.Option(
        [], "--timeout", metavar="STAGE=MIN", help="Time limits of the compiler's stages, see `compile`."
    ),
    force: ForceCompileOption = False,
    json_output: JsonOption = False,
) -> None:
    """Convert a checkpoint into an ONNX graph that is native to the chip, and prove that it equals what was read.

    Example: `tasnet2hef convert my_model.pth --seconds 2 -o build/`

    With recordings it continues to the HEF: calibration set, 8-bit simulation with its model script, compile.
    Where the compiler is not installed it leaves a bundle that runs by itself on another machine, prints
    NOT COMPILED with what finishes the job, and ends with exit code 3:
    `tasnet2hef convert my_model.pth --calib-audio speech/ --hw hailo8 -o build/`

    `--json` then adds `steps` (`step`, `outcome`, `seconds`, `files`), `calibration`, `simulation`,
    `model_script` and `compile`: a list of reports as `compile --json` prints them, one a graph.
    """
    from tasnet2hef.base.files import require_writable
    from tasnet2hef.compiler.options import CompileOptions, read_minutes
    from tasnet2hef.compiler.pipeline import PipelineOptions, StepClock, require_pipeline
    from tasnet2hef.model.checkpoint.load import files_of, load_checkpoint
    from tasnet2hef.model.export import ExportOptions, export_checkpoint
    from tasnet2hef.quantize.calibration.calibrate import DEFAULT_WINDOWS
    from tasnet2hef.quantize.calibration.window_draw import Draw
    from tasnet2hef.target.check import check_here
    from tasnet2hef.target.known import load_chip

    load_chip(hardware)  # a wrong name is refused before the work
    compiling = CompileOptions(
        hardware=hardware,
        force=force,
        replace=force,
        python=python,
        minutes=read_minutes(timeout),
        checkpoint=source_of(checkpoint),
    )
    draw = Draw(windows or DEFAULT_WINDOWS, mixed=mix, any_data=any_data)
    pipeline = (
        None if recordings is None else PipelineOptions(recordings, draw, script, simulate, search, compiling)
    )
    if pipeline is not None:
        require_pipeline(pipeline, segments)
    else:
        named = {
            "--windows": windows,
            "--mix": mix,
            "--no-simulate": not simulate,
            "--search": search,
            "--any-data": any_data,
        }
        reject_orphan_options(named | {"--alls": script, "--hailo-python": python, "--timeout": timeout})
    options = ExportOptions(
        seconds=seconds,
        layout=layout,
        residual=residual,
        shift=shift,
        streams=streams,
        chunk_frames=chunk_frames(stateful, chunk),
        segments=segments,
        reference=reference,
        zero_padding=zero_padding,
        force=force,
    )
    clock = StepClock()
    with clock.step("export") as ended:
        path = onnx_path(checkpoint, output)
        require_writable(path)
        loaded, inputs = load_checkpoint(checkpoint, parse_settings(settings), assume=assume), files_of(checkpoint)
        if pipeline is not None:
            _require_pipeline_outputs(path, loaded, inputs, options, pipeline)
        report = export_checkpoint(loaded, path, options, inputs)
        ended(report.onnx_path, *report.segment_paths)
    with clock.step("check") as ended:
        checks = {graph.path: check_here(graph, hardware)[0] for graph in report.graphs}
        ended()
    if not json_output:
        print_report(report)
        for path, findings in checks.items():
            if path != report.onnx_path:
                show.line(str(path))
            print_check(path, findings)
    finished = None if pipeline is None else run_pipeline(report.graphs, checks, pipeline, clock)
    if json_output:
        whole = checks[report.onnx_path]
        report_json = {**report.to_json(), "check": whole.resources.to_json() | {"verdict": whole.verdict}}
        show.print_json(report_json if finished is None else report_json | finished.to_json())
    elif finished is not None:
        print_finished(finished)
    pages = {} if finished is None else pages_of(finished, report.onnx_path)
    times = {each.step: each.seconds for each in clock.steps}
    pages.setdefault(report.onnx_path, {}).update(export=report, inputs=[Path(checkpoint)])
    for graph in report.graphs:
        further = pages.get(graph.path, {})
        add_to_page(graph, quiet=json_output, check=checks[graph.path], seconds=times, force=force, **further)
    if finished is not None:
        require_hefs(finished, report.onnx_path.name)


def _require_pipeline_outputs(
    path: Path, checkpoint: Checkpoint, inputs: Sequence[Path], options: ExportOptions, pipeline: PipelineOptions
) -> None:
    """Check all that the pipeline will write before its first step.

    Raises:
        OptionError: a file would be destroyed, or can't be written.
    """
    from tasnet2hef.base.outputs import require_outputs
    from tasnet2hef.compiler.pipeline import pipeline_outputs
    from tasnet2hef.model.export import export_mark, export_outputs

    exported = export_outputs(checkpoint, path, options.segments)
    segments = [output.path for output in exported[2:]]
    further = pipeline_outputs(path, export_mark(checkpoint).text, segments, pipeline)
    read = [*inputs, pipeline.recordings, *filter(None, (pipeline.script, options.reference))]
    require_outputs([*exported, *further], read, force=options.force)


def chunk_frames(stateful: bool, chunk: int | None) -> int | None:
    """Return the frames of a chunk, or None for a graph of windows.

    Raises:
        OptionError: a chunk for a graph of windows.

    >>> chunk_frames(True, None)
    32
    """
    if chunk is not None and not stateful:
        raise OptionError(f"--chunk: found {chunk} without --stateful; add it, or give --seconds for a window")
    return (DEFAULT_CHUNK if chunk is None else chunk) if stateful else None


def print_report(report: ExportReport) -> None:
    """Print what was made and how equal it is."""
    contract = report.contract
    channels = contract.spec.audio_channels
    console = show.console()
    facts = [
        ("sources", str(contract.spec.n_src)),
        ("rate", f"{contract.spec.sample_rate} Hz" + (f", {channels} channels" if channels > 1 else "")),
        (
            "chunk" if contract.stateful else "window",
            f"{report.window_seconds:.3f} s, {contract.window_frames} frames",
        ),
        ("input", f"frames {list(contract.input_shape)}"),
        ("windows at once", str(contract.streams)),
        ("norm", f"{contract.spec.norm_type}, {contract.norm}"),
        ("nodes", str(report.nodes)),
        ("time", f"{report.elapsed_seconds:.1f} s"),
    ]
    console.print(show.table(str(report.onnx_path), ("export", ""), facts))
    rows = [(row.pair, f"{row.db:.1f}") for row in report.parity]
    console.print(show.table("Parity on speech, worst source", ("pair", "signal-to-error [dB]"), rows))
    if contract.stateful:
        print_states(contract)
    if report.zero_padding_db is not None:
        show.notice(
            f"pads with zeros where the net was trained with reflection: {report.zero_padding_db:.1f} dB "
            "signal-to-error against the net as trained"
        )
    if not report.is_reading_proved:
        show.notice(
            "equal to this reading of the file; --reference with an output of the genuine network proves it"
        )
    for note in report.notes:
        show.notice(note)


def print_states(contract: GraphContract) -> None:
    """Print what a stateful graph carries from chunk to chunk."""
    shapes = contract.state_shapes
    rows = [(name, str(shape[2]), str(shape[1]), str(shape[1] * shape[2])) for name, shape in shapes.items()]
    rows.append(("all", "", "", str(contract.state_values)))
    title = "State in, and out again, every chunk"
    show.console().print(show.table(title, ("input", "rows", "channels", "bytes at 8 bits"), rows))


def print_check(path: Path, report: CheckReport) -> None:
    """Print in two lines what the compiler is expected to make of a graph."""
    resources = report.resources
    console = show.console()
    console.print(
        f"check for {resources.chip.name}: {report.verdict}; {resources.cost.parsed_layers} layers parsed, "
        f"{resources.cost.compiled_layers} compiled, {counted(resources.likely_contexts, 'context')} likely",
        markup=False,
    )
    show.line(f"  more: tasnet2hef check {path} --hw {resources.chip.name}")
