"""``tasnet2hef compile``: ONNX to HEF through the vendor's compiler."""

from __future__ import annotations

import shlex
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tasnet2hef.base.errors import OptionError
from tasnet2hef.cli import show
from tasnet2hef.cli.options import CHIPS, RARE_PANEL, ForceCompileOption, JsonOption, VerboseOption
from tasnet2hef.cli.page import add_to_page, print_next
from tasnet2hef.cli.tables import print_compile
from tasnet2hef.cli.to_hef import require_each
from tasnet2hef.target.known import DEFAULT_CHIP

if TYPE_CHECKING:
    from tasnet2hef.compiler.fallbacks import Fallback
    from tasnet2hef.compiler.inputs import CompileInputs


def command(
    graph: Path = typer.Argument(
        metavar="GRAPH.onnx",
        help="ONNX file made by `convert`; or the bundle (folder or `compile.sh`) of a run without the compiler.",
    ),
    calibration: Path | None = typer.Option(
        None, "--calib", metavar="FILE", help="Calibration set made by `calibrate`."
    ),
    script: Path | None = typer.Option(
        None, "--alls", metavar="FILE", help="Model script, e.g. the one that `simulate` made."
    ),
    no_script: bool = typer.Option(False, "--no-alls", help="Leave out the model script beside the graph."),
    hardware: str | None = typer.Option(
        None, "--hw", metavar="CHIP", help=f"Chip: {CHIPS}.", show_default=DEFAULT_CHIP
    ),
    output: Path | None = typer.Option(
        None,
        "--output",
        "-o",
        metavar="FILE",
        help="HEF to write; the run's folder is beside it.",
        show_default="the graph's; of a bundle, here",
    ),
    timeout: list[str] = typer.Option(
        [],
        "--timeout",
        metavar="STAGE=MIN",
        help="Minutes for translate, optimize, emulate, compile or total; may be repeated.",
        rich_help_panel=RARE_PANEL,
    ),
    attempts: int | None = typer.Option(
        None,
        min=1,
        metavar="NUMBER",
        help="Most tries of the compile stage.",
        show_default="4",
        rich_help_panel=RARE_PANEL,
    ),
    python: str = typer.Option(
        "",
        "--python",
        metavar="FILE",
        help="Python that has the compiler.",
        show_default="the one that runs this",
        rich_help_panel=RARE_PANEL,
    ),
    force: ForceCompileOption = False,
    plan: bool = typer.Option(
        False, "--plan", help="Print what would be tried, and stop.", rich_help_panel=RARE_PANEL
    ),
    verbose: VerboseOption = False,
    json_output: JsonOption = False,
) -> None:
    """Compile a graph for the chip, or explain exactly why it failed; a second run resumes where one stopped.

    Example:

    `tasnet2hef compile build/my_model.onnx --calib build/calib.npz -o build/my_model.hef`

    A bundle brings its calibration set, model script and options along; it is checked against its checksums first,
    and the results go to the current folder: `tasnet2hef compile my_model.run/bundle`. Its `compile.sh` does the
    same and needs nothing but Python and the vendor's wheel.

    Exit codes: 0 compiled, 1 refused or failed, 2 bad use or input, 3 NOT COMPILED: no compiler here.

    `--json` prints one object: `stage` (the last one), `outcome` (`done`, `failed`, `refused` or `not compiled`),
    `seconds`, `artefacts` (paths by `stage.kind`, and `hef`), `failure` (null, or `signature`, `cause`, `fix`,
    `source`, `grade`, `commands` and more), `stages` (the same five for every stage), `findings`, `agreement`,
    `emulator`, `tried`, `next_fallback`, `hef`, `hand_over`, `notes`.
    """
    show.set_verbose(verbose)
    from tasnet2hef.cli.progress import StageDisplay
    from tasnet2hef.compiler.bundle import bundle_folder, read_bundle
    from tasnet2hef.compiler.driver import compile_graph
    from tasnet2hef.compiler.driver import plan as plan_graph
    from tasnet2hef.compiler.options import CompileOptions, read_minutes
    from tasnet2hef.report.facts import report_folder
    from tasnet2hef.target.graph.opened import OpenedGraph

    if not graph.exists():
        raise OptionError(f"{graph}: no such file or folder; give an ONNX file, or a bundle's folder")
    defaults = CompileOptions()
    folder = bundle_folder(graph)
    if folder is not None:
        packed = read_bundle(folder)
        graph, calibration, defaults = packed.model, calibration or packed.calibration, packed.options
    opened = OpenedGraph.read(graph)
    if calibration is None:
        raise OptionError(
            "--calib: found nothing, expected a calibration set; make it with `tasnet2hef calibrate "
            f"{shlex.quote(str(graph))} speech/`"
        )
    options = CompileOptions(
        hardware=hardware or defaults.hardware,
        script=script or defaults.script or (None if no_script or folder else _script_beside(graph)),
        output=output,
        force=force or defaults.force,
        replace=force,
        python=python,
        minutes=read_minutes(timeout, defaults.minutes),
        attempts=attempts or defaults.attempts,
        checkpoint=defaults.checkpoint,
        bundle=folder,
    )
    if plan:
        _print_plan(*plan_graph(opened, calibration, options), options.attempts, json_output)
        return
    with closing(StageDisplay(show.error_console(soft_wrap=True))) as display:
        report = compile_graph(opened, calibration, options, display)
    if json_output:
        show.print_json(report.to_json())
    else:
        print_compile(report)
        page = None if folder is None else report_folder(options.hef(graph))
        add_to_page(opened, check=report.check, compiled=report, inputs=[calibration], folder=page, force=force)
    require_each([report])
    if not json_output:
        print_next(opened, check=report.check, compiled=report)


def _script_beside(graph: Path) -> Path | None:
    """Return the model script that `simulate` left beside a graph, and say that it is taken; None without one."""
    script = graph.with_suffix(".alls")
    if not script.is_file():
        return None
    show.notice(f"model script: {script}, found beside the graph (--no-alls leaves it out)")
    return script


def _print_plan(inputs: CompileInputs, fallbacks: tuple[Fallback, ...], attempts: int, json_output: bool) -> None:
    if json_output:
        errors = [finding.to_json() for finding in inputs.report.errors]
        show.print_json(
            {"attempts": attempts, "errors": errors, "fallbacks": [fallback.to_json() for fallback in fallbacks]}
        )
        return
    rows = [
        (
            fallback.id,
            fallback.what,
            fallback.script or fallback.command or fallback.why,
            "by hand" if fallback.manual else "by itself",
        )
        for fallback in fallbacks
    ]
    columns = ("fallback", "what", "how", "who")
    title = f"At most {attempts} tries, chosen by what failed"
    show.text_table(title, columns, rows)
    for finding in inputs.report.errors:
        show.notice(f"check stops this run without --force: {finding.rule}: {finding.message}")
