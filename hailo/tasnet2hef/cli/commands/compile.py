"""``tasnet2hef compile``: ONNX to HEF through the vendor's compiler."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tasnet2hef.base.errors import OptionError, RefusedError
from tasnet2hef.base.outcome import FAILED, REFUSED
from tasnet2hef.cli import show
from tasnet2hef.cli.commands.check import print_report as print_check
from tasnet2hef.cli.commands.inspect import print_ends
from tasnet2hef.cli.options import CHIPS, JsonOption
from tasnet2hef.cli.page import add_to_page
from tasnet2hef.target.known import DEFAULT_CHIP

if TYPE_CHECKING:
    from tasnet2hef.compiler.fallbacks import Fallback
    from tasnet2hef.compiler.inputs import CompileInputs
    from tasnet2hef.compiler.report import CompileReport
    from tasnet2hef.target.failures.classify import Explanation


def command(
    graph: Path = typer.Argument(
        help="ONNX file made by `convert`; or the bundle (folder or `compile.sh`) of a run without the compiler."
    ),
    calibration: Path | None = typer.Option(None, "--calib", help="Calibration set made by `calibrate`."),
    script: Path | None = typer.Option(None, "--alls", help="Model script, e.g. the one that `simulate` made."),
    hardware: str | None = typer.Option(None, "--hw", help=f"Chip: {CHIPS}.", show_default=DEFAULT_CHIP),
    output: Path | None = typer.Option(
        None, "--output", "-o", help="HEF to write; the run's folder lies beside it.", show_default="the graph's"
    ),
    timeout: list[str] = typer.Option(
        [],
        "--timeout",
        metavar="STAGE=MIN",
        help="Minutes for translate, optimize, emulate, compile or total; may be repeated.",
    ),
    attempts: int | None = typer.Option(None, min=1, help="Most tries of the compile stage.", show_default="3"),
    python: str = typer.Option(
        "", "--python", help="Python that has the compiler.", show_default="the one that runs this"
    ),
    force: bool = typer.Option(False, "--force", help="Go on although `check` found errors."),
    plan: bool = typer.Option(False, "--plan", help="Print what would be tried, and stop."),
    json_output: JsonOption = False,
) -> None:
    """Compile a graph for the chip, or say exactly why not; a second run goes on where one stopped.

    Example: `tasnet2hef compile build/my_model.onnx --calib build/calib.npz -o build/my_model.hef`

    A bundle brings its calibration set, model script and options along; it is checked against its checksums first:
    `tasnet2hef compile my_model.run/bundle -o my_model.hef`

    `--json` prints one object: `stage` (the last one), `outcome` (`done`, `failed`, `refused` or `not compiled`),
    `seconds`, `artefacts` (paths by `stage.kind`, and `hef`), `failure` (null, or `signature`, `cause`, `fix`,
    `source`, `grade`, `commands` and more), `stages` (the same five for every stage), `findings`, `agreement`,
    `emulator`, `tried`, `next_fallback`, `hef`, `hand_over`, `notes`.
    """
    from tasnet2hef.cli.progress import StageDisplay
    from tasnet2hef.compiler.bundle import bundle_folder, read_bundle
    from tasnet2hef.compiler.driver import compile_graph
    from tasnet2hef.compiler.driver import plan as plan_graph
    from tasnet2hef.compiler.options import CompileOptions, read_minutes
    from tasnet2hef.target.graph.opened import OpenedGraph

    given = CompileOptions()
    folder = bundle_folder(graph)
    if folder is not None:
        packed = read_bundle(folder)
        graph, calibration, given = packed.model, calibration or packed.calibration, packed.options
    if calibration is None:
        raise OptionError(
            "--calib: found nothing, expected a calibration set; make it with `tasnet2hef calibrate`"
        )
    options = CompileOptions(
        hardware=hardware or given.hardware,
        script=script or given.script,
        output=output,
        force=force or given.force,
        python=python,
        minutes=read_minutes(timeout, given.minutes),
        attempts=attempts or given.attempts,
        checkpoint=given.checkpoint,
    )
    opened = OpenedGraph.read(graph)
    if plan:
        _print_plan(*plan_graph(opened, calibration, options), options.attempts, json_output)
        return
    with closing(StageDisplay(show.error_console(soft_wrap=True))) as display:
        report = compile_graph(opened, calibration, options, display)
    if json_output:
        show.print_json(report.to_json())
    else:
        print_report(report)
    add_to_page(opened, quiet=json_output, check=report.check, compiled=report, inputs=[calibration])
    refuse(report)


def print_report(report: CompileReport) -> None:
    """Print what a run came to: the stages, the emulator's steps, and the HEF or the failure."""
    if report.outcome == REFUSED:
        print_check(report.check)
        return
    console = show.console()
    rows = [(each.stage, each.outcome, f"{each.seconds:.1f}", each.log) for each in report.records]
    console.print(show.table(f"Run in {report.folder}", ("stage", "outcome", "seconds", "log"), rows))
    if report.emulator:
        _print_steps(report)
    if report.hef is not None:
        _print_hef(report)
    elif report.hand_over is not None:
        _print_hand_over(report)
    elif report.failure is not None:
        _print_failure(report, report.failure)
    for note in report.notes:
        show.notice(note)


def refuse(report: CompileReport) -> None:
    """End a run that should have made a HEF and did not with exit code 1.

    Where there is no compiler the run did all it can, says NOT COMPILED, and ends with 0.

    Raises:
        RefusedError: `check` refused the graph, or a stage failed.
    """
    where = f"{report.check.name}: not compiled"
    if report.outcome == REFUSED:
        count = len(report.check.errors)
        raise RefusedError(f"{where}: check found {count} errors, expected none; mend them, or go on with --force")
    if report.outcome == FAILED and report.last is not None:
        signature = report.failure.signature if report.failure else "unknown"
        raise RefusedError(
            f"{where}: {report.last.stage} failed ({signature}); {report.stopped_because}; log: "
            f"{report.folder / report.last.log}"
        )


def _print_steps(report: CompileReport) -> None:
    from tasnet2hef.compiler.emulator_check import LEAST_AGREEMENT_DB, MEANINGS, first_disagreeing

    rows = [
        (
            each.mode,
            each.reason[:80] if each.agreement_db is None else f"{each.agreement_db:.1f}",
            f"{LEAST_AGREEMENT_DB[each.mode]:.0f}",
            "disagrees" if each.disagrees else "",
        )
        for each in report.emulator
    ]
    title = "The emulator against ONNX Runtime, worst output"
    console = show.console()
    console.print(show.table(title, ("mode", "signal-to-error [dB]", "expected at least", ""), rows))
    disagreeing = first_disagreeing(report.emulator)
    if disagreeing is not None:
        mode = disagreeing.mode
        console.print(f"first mode that disagrees: {mode}; look at {MEANINGS[mode]}", markup=False)


def _print_hef(report: CompileReport) -> None:
    assert report.hef is not None
    made = report.hef
    contexts = "not told by the log" if made.contexts is None else str(made.contexts)
    rows = [
        ("compiler", made.compiler_version),
        ("size", f"{made.size_bytes:,} bytes"),
        ("contexts", contexts),
        ("SHA-256", made.sha256),
    ]
    rows += [(f"{end['kind']} {end['name']}", str(end["shape"])) for end in made.ends]
    show.console().print(show.table(str(made.path), ("HEF", ""), rows))
    if made.stored is None:
        show.notice(made.unread)
    else:
        print_ends(made.stored, show.console())


def _print_failure(report: CompileReport, failure: Explanation) -> None:
    assert report.last is not None
    rows = [
        ("the compiler's words", failure.words),
        ("cause", failure.cause),
        ("known from", f"{failure.grade}: {failure.source}"),
        ("fix", failure.fix),
        *(("next command", each) for each in failure.commands),
        ("log", str(report.folder / report.last.log)),
    ]
    if report.next_fallback is not None:
        next_one = report.next_fallback
        how = next_one.command or (
            next_one.why if next_one.manual else f"{next_one.script}; allow it with more --attempts"
        )
        rows.append((f"next fallback: {next_one.id}", f"{next_one.what}: {how}"))
    rule = f", rule {failure.rule}" if failure.rule else ""
    title = f"{report.last.stage} failed: {failure.signature}{rule}"
    show.console().print(show.table(title, ("", "why and what now"), rows, left=(0, 1)))


def _print_hand_over(report: CompileReport) -> None:
    assert report.hand_over is not None
    made = report.hand_over
    rows = [
        ("all of it", str(made.bundle)),
        ("checked graph", str(made.model)),
        ("predicted layers", str(made.predicted_layers)),
        ("calibration set", str(made.calibration)),
        ("model script", "none given" if made.script is None else str(made.script)),
    ]
    console = show.console()
    console.print(show.table("NOT COMPILED: no compiler, no HEF was made. To take along", ("what", "where"), rows))
    console.print("where the compiler is installed, this finishes the job:", markup=False)
    console.print(f"  {made.command}", markup=False, soft_wrap=True)


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
    show.console().print(show.table(title, columns, rows, left=range(len(columns))))
    for finding in inputs.report.errors:
        show.notice(f"check stops this run without --force: {finding.rule}: {finding.message}")
