"""``tasnet2hef convert``: from a checkpoint to a graph, and on to a HEF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.host_ends import CHIP_PART
from tasnet2hef.base.parity import REFUSED_BELOW_DB
from tasnet2hef.base.text import counted
from tasnet2hef.cli import show
from tasnet2hef.cli.options import (
    RARE_PANEL,
    AnyDataOption,
    AssumeOption,
    ForceCompileOption,
    HardwareOption,
    JsonOption,
    SettingsOption,
    VerboseOption,
    parse_settings,
)
from tasnet2hef.cli.page import add_to_page, print_next
from tasnet2hef.cli.tables import print_check_verdict
from tasnet2hef.cli.to_hef import (
    compile_options,
    onnx_path,
    pages_of,
    print_finished,
    reject_orphan_options,
    require_hefs,
    run_pipeline,
)
from tasnet2hef.target.known import DEFAULT_CHIP

DEFAULT_CHUNK = 32
"""Frames: 33 ms of lag for a kernel of 16 and a stride of 8 samples at 8 kHz."""

LEAST_SECONDS: Final = 0.02
MOST_SECONDS: Final = 600.0
"""Limits of a window, set by judgement: a shorter one holds no speech, a longer one no device holds."""

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasnet2hef.base.graph_contract import GraphContract
    from tasnet2hef.compiler.pipeline import PipelineOptions
    from tasnet2hef.model.checkpoint import Checkpoint
    from tasnet2hef.model.export import ExportOptions, ExportReport

HEF_PANEL: Final = "On to the HEF, with --calib-audio"
SHAPE_PANEL: Final = "Shape of the graph"


def command(
    checkpoint: str = typer.Argument(
        metavar="CHECKPOINT",
        help="Checkpoint file or folder (Asteroid, torchaudio, ESPnet, SpeechBrain and others), or a Hugging Face "
        "id `org/name`.",
    ),
    seconds: float = typer.Option(
        2.0, metavar="SECONDS", help="Length of the window that the device computes, in seconds."
    ),
    output: Path = typer.Option(
        Path("build"),
        "--output",
        "-o",
        metavar="FOLDER",
        help="Folder for the results, or a path that ends in .onnx.",
    ),
    settings: SettingsOption = [],
    assume: AssumeOption = False,
    reference: Path | None = typer.Option(
        None,
        metavar="FILE",
        help="An .npz with `input` and the genuine network's `output`: proves the reading of the file.",
        rich_help_panel=RARE_PANEL,
    ),
    zero_padding: bool = typer.Option(
        False,
        "--zero-padding",
        help="For a net that pads by reflection: pad with zeros, and measure the loss.",
        rich_help_panel=SHAPE_PANEL,
    ),
    layout: str = typer.Option(
        "tall", metavar="tall|wide", help="`tall`: time on H. `wide`: time on W.", rich_help_panel=SHAPE_PANEL
    ),
    residual: str = typer.Option(
        "separate",
        metavar="separate|joint",
        help="`joint`: residual stream and skip sum as one state; fewer layers, 1.4x the MACs.",
        rich_help_panel=SHAPE_PANEL,
    ),
    shift: str = typer.Option(
        "fold",
        metavar="fold|layer",
        help="A constant norm before a depthwise convolution: `fold` it away, or keep it as a `layer`.",
        rich_help_panel=SHAPE_PANEL,
    ),
    streams: int = typer.Option(
        1,
        metavar="NUMBER",
        help="Windows side by side in one tensor: 1, 2, 4 or 8. For chips that pad rows; on a CPU gLN is slower.",
        rich_help_panel=SHAPE_PANEL,
    ),
    stateful: bool = typer.Option(
        False,
        "--stateful",
        help="For causal nets with cLN or bN: compute chunks, not windows; past rows are inputs and outputs.",
        rich_help_panel=SHAPE_PANEL,
    ),
    chunk: int | None = typer.Option(
        None,
        metavar="NUMBER",
        help="Frames of a chunk, with `--stateful` and instead of `--seconds`.",
        show_default="32",
        rich_help_panel=SHAPE_PANEL,
    ),
    segments: int = typer.Option(
        1,
        metavar="NUMBER",
        help="Also cut the graph between its blocks into that many files of about equal work, to be run in turn.",
        rich_help_panel=SHAPE_PANEL,
    ),
    ends: str = typer.Option(
        "chip",
        metavar="chip|host",
        help="Where encoder and decoders run. `host`: also write them and the part for the chip, a file each.",
        rich_help_panel=SHAPE_PANEL,
    ),
    hardware: HardwareOption = DEFAULT_CHIP,
    recordings: Path | None = typer.Option(
        None,
        "--calib-audio",
        metavar="FOLDER",
        help="Recordings as the chip will hear them (a folder): run the pipeline to the HEF.",
        rich_help_panel=HEF_PANEL,
    ),
    windows: int | None = typer.Option(
        None,
        "--windows",
        "-n",
        min=1,
        metavar="NUMBER",
        help="Calibration windows, see `calibrate`.",
        show_default="64",
        rich_help_panel=HEF_PANEL,
    ),
    mix: int | None = typer.Option(
        None,
        min=1,
        max=5,
        metavar="NUMBER",
        help="Recordings to add up in each window, see `calibrate`.",
        show_default="by the net",
        rich_help_panel=HEF_PANEL,
    ),
    any_data: AnyDataOption = False,
    simulate: bool = typer.Option(
        True,
        "--simulate/--no-simulate",
        help="Simulate 8 bits and write the model script: seconds.",
        rich_help_panel=HEF_PANEL,
    ),
    search: bool = typer.Option(
        False,
        "--search",
        help="Also search for the layers that need 16 bits: minutes, see `simulate`.",
        rich_help_panel=HEF_PANEL,
    ),
    script: Path | None = typer.Option(
        None,
        "--alls",
        metavar="FILE",
        help="Your own model script, instead of the simulation's.",
        rich_help_panel=HEF_PANEL,
    ),
    python: str = typer.Option(
        "",
        "--hailo-python",
        metavar="FILE",
        help="Python that has the compiler.",
        show_default="to-hailo-env's, else this one",
        rich_help_panel=HEF_PANEL,
    ),
    timeout: list[str] = typer.Option(
        [],
        "--timeout",
        metavar="STAGE=MIN",
        help="Time limits of the compiler's stages, see `compile`.",
        rich_help_panel=HEF_PANEL,
    ),
    force: ForceCompileOption = False,
    verbose: VerboseOption = False,
    json_output: JsonOption = False,
) -> None:
    """Convert a checkpoint into an ONNX graph that is native to the chip, and prove that it equals what was read.

    Example:

    `tasnet2hef convert my_model.pth --seconds 2 -o build/`

    With recordings it continues to the HEF: calibration set, 8-bit simulation with its model script, compile.
    Where the compiler is not installed it leaves a bundle that runs by itself on another machine, prints
    NOT COMPILED with what finishes the job, and ends with exit code 3:

    `tasnet2hef convert my_model.pth --calib-audio speech/ --hw hailo8 -o build/`

    `--json` then adds `steps` (`step`, `outcome`, `seconds`, `files`), `calibration`, `simulation`,
    `model_script` and `compile`: a list of reports as `compile --json` prints them, one a graph.
    """
    show.set_verbose(verbose)
    from tasnet2hef.base.files import require_writable
    from tasnet2hef.compiler.pipeline import PipelineOptions, StepClock, require_pipeline
    from tasnet2hef.model.checkpoint.load import files_of, load_checkpoint
    from tasnet2hef.model.export import ExportOptions, export_checkpoint
    from tasnet2hef.quantize.calibration.calibrate import DEFAULT_WINDOWS
    from tasnet2hef.quantize.calibration.window_draw import Draw
    from tasnet2hef.target.check import check_here
    from tasnet2hef.target.known import load_chip

    if not stateful and not LEAST_SECONDS <= seconds <= MOST_SECONDS:
        raise OptionError(
            f"--seconds: found {seconds}, expected {LEAST_SECONDS} to {MOST_SECONDS:.0f}; 2 is usual (a stateful "
            "graph computes shorter chunks: --stateful)"
        )
    load_chip(hardware)  # a wrong name is refused before the work
    compiling = compile_options(checkpoint, hardware, python, timeout, force=force)
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
        ends=ends,
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
        checks = {graph.path: check_here(graph, hardware)[0] for graph in report.for_chip}
        ended()
    if not json_output:
        for findings in checks.values():
            print_check_verdict(findings)
        print_report(report)
    first = report.for_chip[0]
    finished = None if pipeline is None else run_pipeline(report.for_chip, checks, pipeline, clock)
    if json_output:
        checked = checks[first.path]
        report_json = {**report.to_json(), "check": checked.resources.to_json() | {"verdict": checked.verdict}}
        show.print_json(report_json if finished is None else report_json | finished.to_json())
    elif finished is not None:
        print_finished(finished)
    pages = {} if finished is None else pages_of(finished, first.path)
    times = {each.step: each.seconds for each in clock.steps}
    pages.setdefault(first.path, {}).update(export=report, inputs=[Path(checkpoint)])
    for graph in report.for_chip if not json_output else ():
        further = pages.get(graph.path, {})
        add_to_page(graph, check=checks[graph.path], seconds=times, force=force, **further)
    if finished is not None:
        require_hefs(finished, first.path.name)
    if not json_output:
        results = pages[first.path] | {"check": checks[first.path]}
        print_next(first, **{name: results.get(name) for name in ("export", "check", "simulate", "compiled")})


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
    from tasnet2hef.runtime.backends.segment_names import part_path

    exported = export_outputs(checkpoint, path, options)
    whole, segments = path, [output.path for output in exported[2:]]
    if options.ends == "host":
        whole, segments = part_path(path, CHIP_PART), []
    further = pipeline_outputs(whole, export_mark(checkpoint).text, segments, pipeline)
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
    """Print what was made and how equal it is; shapes and all comparisons with ``--verbose``."""
    contract, spec = report.contract, report.contract.spec
    channels = f", {spec.audio_channels} channels" if spec.audio_channels > 1 else ""
    worst = min(row.db for row in report.parity)
    norm = "over the whole window" if contract.norm == "exact" and spec.norm_type == "gLN" else contract.norm
    length = "chunk" if contract.stateful else "window"
    rows = [
        ("graph", str(report.onnx_path)),
        *(
            [("chip part", f"{report.for_chip[0].path}; encoder and decoders for the host are beside it")]
            if report.ends == "host"
            else []
        ),
        ("net", f"{counted(spec.n_src, 'source')}, {spec.sample_rate} Hz{channels}, {spec.norm_type}, {norm}"),
        (length, f"{report.window_seconds:.3f} s, {counted(contract.window_frames, 'frame')}"),
        (
            "parity",
            f"{worst:.0f} dB on speech with what was read; at least {REFUSED_BELOW_DB:.0f} dB are required",
        ),
    ]
    if contract.stateful:
        inputs = counted(len(contract.state_shapes), "input")
        rows.append(("state", f"{inputs}, {contract.state_values:,} bytes at 8 bits, in and out every chunk"))
    show.facts(rows)
    if show.is_verbose():
        _print_details(report)
    if report.zero_padding_db is not None:
        show.notice(
            f"pads with zeros where the net was trained with reflection: {report.zero_padding_db:.1f} dB "
            "signal-to-error against the net as trained"
        )
    if not report.is_reading_proved and show.is_verbose():
        show.notice(
            "equal to this reading of the file; --reference with an output of the genuine network proves it"
        )
    for note in report.notes:
        show.notice(note)


def _print_details(report: ExportReport) -> None:
    contract = report.contract
    show.facts(
        [
            ("input", f"frames {list(contract.input_shape)}"),
            ("windows at once", str(contract.streams)),
            ("nodes", str(report.nodes)),
            ("time", f"{report.elapsed_seconds:.1f} s"),
        ]
    )
    rows = [(row.pair, f"{row.db:.1f}") for row in report.parity]
    show.table("Parity on speech, worst source", ("pair", "signal-to-error [dB]"), rows)
    if contract.stateful:
        print_states(contract)


def print_states(contract: GraphContract) -> None:
    """Print what a stateful graph carries from chunk to chunk."""
    shapes = contract.state_shapes
    rows = [(name, str(shape[2]), str(shape[1]), str(shape[1] * shape[2])) for name, shape in shapes.items()]
    rows.append(("all", "", "", str(contract.state_values)))
    title = "State in, and out again, every chunk"
    show.table(title, ("input", "rows", "channels", "bytes at 8 bits"), rows)
