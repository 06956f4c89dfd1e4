"""``tasnet2hef simulate``: what 8 bits cost, layer by layer, and what 16 would buy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tasnet2hef.base.agreement import BROKEN
from tasnet2hef.base.errors import OptionError, RefusedError
from tasnet2hef.cli import show
from tasnet2hef.cli.options import AnyDataOption, ForceOption, JsonOption, ThreadsOption
from tasnet2hef.cli.page import add_to_page
from tasnet2hef.cli.progress import step_progress
from tasnet2hef.cli.show import VERDICT_STYLES as STYLES

if TYPE_CHECKING:
    from tasnet2hef.quantize.layer_analysis import LayerReport
    from tasnet2hef.quantize.report import Figures, SimulationReport

SHOWN_LAYERS = 20


def command(
    graph: Path = typer.Argument(help="ONNX file made by `convert`."),
    calibration: Path = typer.Argument(help="Calibration set made by `calibrate`."),
    evaluation: Path | None = typer.Option(
        None, "--eval", help="Folder with NAME_mixture.wav, NAME_source_1.wav, ...: adds SI-SDR."
    ),
    output: Path | None = typer.Option(
        None, "--output", "-o", help="Folder for the model script and plots.", show_default="the model's"
    ),
    target_db: float = typer.Option(
        0.5, "--target-db", help="Loss against float that the 16-bit layers must reach."
    ),
    settings: list[str] = typer.Option(
        [],
        "--set",
        metavar="LAYER=MODE",
        help="Precision of a layer (name or glob): a8_w8, a16_w16, a16_w8, a8_w4 or float.",
    ),
    script: Path | None = typer.Option(
        None, "--script", help="Your own model script (.alls), merged line by line."
    ),
    ranges: str = typer.Option("percentile", "--range", help="`percentile`, `minmax` or `mse`."),
    percentile: float | None = typer.Option(
        None, help="Share of values kept at either end, in percent.", show_default="99.99"
    ),
    equalize: bool = typer.Option(True, "--equalize/--no-equalize", help="Balance channels before rounding."),
    correct_bias: bool = typer.Option(
        True, "--bias-correction/--no-bias-correction", help="Correct the means that rounding shifts."
    ),
    level: int | None = typer.Option(
        None,
        "--optimization-level",
        help="Written into the script.",
        show_default="2 from 1,024 windows on, else 1",
    ),
    windows: int = typer.Option(8, help="Windows that each layer is measured on."),
    relieve: int = typer.Option(
        10, help="Also measure this many of the worst layers in float while all others stay at 8 bits."
    ),
    quick: bool = typer.Option(False, "--quick", help="Only float against 8 bits: no analysis, no search."),
    plots: str = typer.Option(
        "auto",
        "--plots",
        help="Draw the worst layers and the frontier: `png`, `svg` or `none`; `auto`: png where matplotlib is.",
    ),
    fresh: bool = typer.Option(False, "--fresh", help="Discard the measurements of an earlier, interrupted run."),
    any_data: AnyDataOption = False,
    threads: ThreadsOption = None,
    force: ForceOption = False,
    json_output: JsonOption = False,
) -> None:
    """Simulate 8 bits, rounded where the compiler rounds: the cost, the worst layers, the cheapest 16-bit layers.

    Below 15 dB of agreement with the float net the result is broken: exit code 1.

    Example: `tasnet2hef simulate build/my_model.onnx build/calib.npz --eval test_set/`
    """
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
    with step_progress() as progress:
        opened = OpenedGraph.read(graph)
        report = simulate_graph(opened, calibration, evaluation, output, options, progress)
    if json_output:
        show.print_json(report.to_json())
    else:
        print_report(report)
    add_to_page(opened, quiet=json_output, simulate=report, inputs=[calibration], force=force)
    if report.verdict == BROKEN:
        raise RefusedError(
            f"{graph}: {report.headline}; calibrate with mixtures as the chip will hear them, or give layers 16 "
            "bits (without --quick the cheapest are searched)"
        )


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
    """Print the figures, the worst layers and the frontier."""
    console = show.console()
    rows = [
        ("SI-SDR of whole recordings [dB]", *_cells(report.si_sdr_db)),
        (f"SI-SDR of {report.windows} windows [dB]", *_cells(report.window_db)),
        ("agreement with float [dB]", *_cells(report.agreement_db)),
    ]
    console.print(show.table("What 8 bits cost", ("", "float", "8 bits", "recommended mix"), rows))
    console.print(report.headline, markup=False, style=STYLES[report.verdict])
    console.print(_layer_table(report.layers, known=report.search is not None))
    if report.search is not None:
        _print_frontier(report)
    show.line(f"model script: {report.alls}")
    for path in report.plots:
        show.line(f"plot: {path}")
    console.print(
        f"{report.borders} borders; prepared in {report.prepare_seconds:.1f} s; a window takes "
        f"{report.window_seconds:.3f} s at 8 bits, {report.float_window_seconds:.3f} s in float"
    )
    for note in report.notes:
        show.notice(note)
    if report.warning:
        show.warn(report.warning)


def _layer_table(layers: tuple[LayerReport, ...], *, known: bool) -> object:
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
    return show.table(f"The {len(rows)} of {len(layers)} layers with the {order}", columns, rows)


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
    show.console().print(show.table("Bits spent against dB", columns, rows))


def _cells(figures: Figures) -> tuple[str, ...]:
    values = (figures.exact, figures.int8, figures.mixed)
    return tuple("" if value is None else f"{value:.2f}" for value in values)
