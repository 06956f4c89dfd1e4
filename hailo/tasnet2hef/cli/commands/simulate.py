"""``tasnet2hef simulate``: what 8 bits cost, layer by layer, and what 16 would buy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from tasnet2hef.base.agreement import BROKEN, STATUS
from tasnet2hef.base.errors import OptionError, RefusedError
from tasnet2hef.cli import show
from tasnet2hef.cli.options import (
    RARE_PANEL,
    AnyDataOption,
    ForceOption,
    JsonOption,
    SchedulerOption,
    ThreadsOption,
    VerboseOption,
    WorkersOption,
)
from tasnet2hef.cli.page import add_to_page, print_next, step_after
from tasnet2hef.cli.progress import step_progress

if TYPE_CHECKING:
    from tasnet2hef.quantize.layer_analysis import LayerReport
    from tasnet2hef.quantize.report import Figures, SimulationReport

SHOWN_LAYERS = 20

ROUNDING_PANEL: Final = "How it is rounded"


def command(
    graph: Path = typer.Argument(metavar="GRAPH.onnx", help="ONNX file made by `convert`."),
    calibration: Path = typer.Argument(metavar="CALIB.npz", help="Calibration set made by `calibrate`."),
    evaluation: Path | None = typer.Option(
        None, "--eval", metavar="FOLDER", help="Folder with NAME_mixture.wav, NAME_source_1.wav, ...: adds SI-SDR."
    ),
    output: Path | None = typer.Option(
        None,
        "--output",
        "-o",
        metavar="FOLDER",
        help="Folder for the model script and plots.",
        show_default="the model's",
    ),
    target_db: float = typer.Option(
        0.5, "--target-db", metavar="DB", help="Loss against float that the 16-bit layers must reach."
    ),
    settings: list[str] = typer.Option(
        [],
        "--set",
        metavar="LAYER=MODE",
        help="Precision of a layer (name or glob): a8_w8, a16_w16, a16_w8, a8_w4 or float.",
        rich_help_panel=ROUNDING_PANEL,
    ),
    script: Path | None = typer.Option(
        None,
        "--script",
        metavar="FILE",
        help="Your own model script (.alls), merged line by line.",
        rich_help_panel=RARE_PANEL,
    ),
    ranges: str = typer.Option(
        "percentile",
        "--range",
        metavar="METHOD",
        help="`percentile`, `minmax` or `mse`.",
        rich_help_panel=ROUNDING_PANEL,
    ),
    percentile: float | None = typer.Option(
        None,
        metavar="PERCENT",
        help="Share of values kept at either end, in percent.",
        show_default="99.99",
        rich_help_panel=ROUNDING_PANEL,
    ),
    equalize: bool = typer.Option(
        True, "--equalize/--no-equalize", help="Balance channels before rounding.", rich_help_panel=ROUNDING_PANEL
    ),
    correct_bias: bool = typer.Option(
        True,
        "--bias-correction/--no-bias-correction",
        help="Correct the means that rounding shifts.",
        rich_help_panel=ROUNDING_PANEL,
    ),
    level: int | None = typer.Option(
        None,
        "--optimization-level",
        metavar="NUMBER",
        help="Written into the script.",
        show_default="2 from 1,024 windows on, else 1",
        rich_help_panel=ROUNDING_PANEL,
    ),
    windows: int = typer.Option(
        8, metavar="NUMBER", help="Windows that each layer is measured on.", rich_help_panel=RARE_PANEL
    ),
    relieve: int = typer.Option(
        10,
        metavar="NUMBER",
        help="Also measure this many of the worst layers in float while all others stay at 8 bits.",
        rich_help_panel=RARE_PANEL,
    ),
    quick: bool = typer.Option(False, "--quick", help="Only float against 8 bits: no analysis, no search."),
    plots: str = typer.Option(
        "auto",
        "--plots",
        metavar="auto|png|svg|none",
        help="Draw the worst layers and the frontier: `png`, `svg` or `none`; `auto`: png where matplotlib is.",
        rich_help_panel=RARE_PANEL,
    ),
    fresh: bool = typer.Option(
        False,
        "--fresh",
        help="Discard the measurements of an earlier, interrupted run.",
        rich_help_panel=RARE_PANEL,
    ),
    any_data: AnyDataOption = False,
    threads: ThreadsOption = None,
    scheduler: SchedulerOption = "",
    workers: WorkersOption = 0,
    force: ForceOption = False,
    verbose: VerboseOption = False,
    json_output: JsonOption = False,
) -> None:
    """Simulate 8 bits, rounded where the compiler rounds: the cost, the worst layers, the cheapest 16-bit layers.

    Below 15 dB of agreement with the float net the result is broken: exit code 1.

    Example:

    `tasnet2hef simulate build/my_model.onnx build/calib.npz --eval test_set/`
    """
    show.set_verbose(verbose)
    from tasnet2hef.base.workers import open_workers
    from tasnet2hef.quantize.options import SimulationOptions
    from tasnet2hef.quantize.plots import chosen_format
    from tasnet2hef.quantize.ranges import DEFAULT_PERCENTILE
    from tasnet2hef.quantize.simulate import simulate_graph
    from tasnet2hef.quantize.simulator import Preparation
    from tasnet2hef.target.graph.opened import OpenedGraph

    chosen = DEFAULT_PERCENTILE if percentile is None else percentile
    options = SimulationOptions(
        preparation=Preparation(ranges, chosen, equalize, correct_bias, threads, any_data),
        target_db=target_db,
        windows=windows,
        relieve=relieve,
        quick=quick,
        precisions=read_precisions(settings),
        optimization_level=level,
        user_script=script,
        plots=chosen_format(plots),
        fresh=fresh,
        force=force,
    )
    opened = OpenedGraph.read(graph)
    with open_workers(scheduler, workers) as pool, step_progress() as progress:
        report = simulate_graph(opened, calibration, evaluation, output, options, progress, pool)
    if json_output:
        show.print_json(report.to_json())
    else:
        print_report(report)
        add_to_page(opened, simulate=report, inputs=[calibration], force=force)
    if report.verdict == BROKEN:
        following = step_after(opened, calibration=calibration, simulate=report).command
        raise RefusedError(
            f"{graph}: {report.headline}; calibrate with mixtures as the chip will hear them, or give layers 16 "
            f"bits (without --quick the cheapest are searched); next: {following}"
        )
    if not json_output:
        print_next(opened, calibration=calibration, simulate=report)


def read_precisions(settings: list[str]) -> dict[str, str]:
    """Read `--set` options.

    >>> read_precisions(["conv1=a16_w16"])
    {'conv1': 'a16_w16'}
    """
    precisions = {}
    for setting in settings:
        layer, separator, mode = setting.partition("=")
        if not separator or not layer:
            raise OptionError(f"--set: found {setting!r}, expected LAYER=MODE, for example conv1=a16_w16")
        precisions[layer.strip()] = mode.strip()
    return precisions


def print_report(report: SimulationReport) -> None:
    """Print the verdict and the figures; the worst layers and the frontier with ``--verbose``."""
    show.verdict(STATUS[report.verdict], f"{report.verdict.capitalize()} at 8 bits", report.headline)
    measures = [
        ("SI-SDR of whole recordings", report.si_sdr_db),
        (f"SI-SDR of {report.windows} windows", report.window_db),
        ("agreement with float", report.agreement_db),
    ]
    rows = [(name, _in_words(figures, len(report.sixteen_bit))) for name, figures in measures]
    rows.append(("model script", str(report.alls)))
    rows += [("plot", str(path)) for path in report.plots]
    show.facts((name, value) for name, value in rows if value)
    if show.is_verbose():
        _print_layers(report.layers, known=report.search is not None)
        if report.search is not None:
            _print_frontier(report)
        show.line(
            f"{report.borders} borders; prepared in {report.prepare_seconds:.1f} s; a window takes "
            f"{report.window_seconds:.3f} s at 8 bits, {report.float_window_seconds:.3f} s in float"
        )
    for note in report.notes:
        show.notice(note)
    if report.warning:
        show.warn(report.warning)


def _in_words(figures: Figures, sixteen: int) -> str:
    """Return the figures that there are: in float, at 8 bits, and with the recommended layers at 16."""
    mixed = figures.mixed if sixteen else None
    named = (("float", figures.exact), ("8 bits", figures.int8), (f"with {sixteen} layers in 16", mixed))
    return ", ".join(f"{name} {value:.2f} dB" for name, value in named if value is not None)


def _print_layers(layers: tuple[LayerReport, ...], *, known: bool) -> None:
    columns = [
        "layer",
        "ONNX node",
        "range",
        "scale",
        "zero",
        "useful codes",
        "clipped",
        "SQNR [dB]",
        "spread [dB]",
    ]
    columns += ["loss alone [dB]", "gain in float [dB]"] if known else []
    worst = layers if known else sorted(layers, key=lambda layer: layer.sqnr_db)
    rows = [_layer_row(layer, known=known) for layer in worst[:SHOWN_LAYERS]]
    order = "most damaging" if known else "lowest SQNR"
    show.table(f"The {len(rows)} of {len(layers)} layers with the {order}", columns, rows)


def _layer_row(layer: LayerReport, *, known: bool) -> tuple[str, ...]:
    cells = (
        layer.name,
        layer.original_names[-1],
        f"{layer.low:.3g} .. {layer.high:.3g}",
        f"{layer.scale:.3g}",
        str(layer.zero_point),
        f"{layer.useful_codes:.0f}",
        f"{100 * layer.clipped_share:.3f} %",
        f"{layer.sqnr_db:.1f}",
        f"{layer.channel_spread_db:.1f}",
    )
    loss = "" if layer.loss_alone_db is None else f"{layer.loss_alone_db:.3f}"
    gain = "" if layer.gain_in_float_db is None else f"{layer.gain_in_float_db:+.3f}"
    return (*cells, loss, gain) if known else cells


def _print_frontier(report: SimulationReport) -> None:
    assert report.search is not None
    search = report.search
    rows = [
        (
            f"{len(point.layers)}{' (chosen)' if point is search.chosen else ''}",
            f"{point.extra_bits / 8e3:,.1f}",
            f"{100 * point.extra_share:.2f} %",
            "" if point.score.si_sdr_db is None else f"{point.score.si_sdr_db:.2f}",
            f"{point.score.agreement_db:.1f}",
        )
        for point in search.frontier
    ]
    columns = ("16-bit layers", "extra kB", "extra bits", "SI-SDR [dB]", "agreement [dB]")
    show.table("Bits spent against dB", columns, rows)
