"""From graphs to HEFs: the pipeline of ``convert``, its tables, and the exit code where there is no HEF."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from tasnet2hef.base.agreement import BROKEN
from tasnet2hef.base.errors import OptionError, RefusedError
from tasnet2hef.base.outcome import FAILED, NOT_COMPILED, REFUSED, Outcome
from tasnet2hef.base.text import counted
from tasnet2hef.cli import show
from tasnet2hef.cli.progress import step_progress
from tasnet2hef.cli.tables import print_compile

NOT_COMPILED_CODE: Final = 3
"""Exit code where all was prepared, but there is no compiler here."""

if TYPE_CHECKING:
    from tasnet2hef.compiler.options import CompileOptions
    from tasnet2hef.compiler.pipeline import PipelineOptions, PipelineReport, StepClock
    from tasnet2hef.compiler.report import CompileReport
    from tasnet2hef.target.check import CheckReport
    from tasnet2hef.target.graph.opened import OpenedGraph

CHECKPOINT_SUFFIXES: Final = (".pth", ".pt", ".ckpt", ".bin", ".tar", ".th", ".safetensors", ".onnx")


def reject_orphan_options(further: Mapping[str, object]) -> None:
    """Refuse options of the pipeline where it was not asked for.

    Raises:
        OptionError: one was given.
    """
    given = [name for name, value in further.items() if value]
    if given:
        raise OptionError(f"{given[0]}: found no --calib-audio beside it, expected one; add it, or leave this out")


def source_of(checkpoint: str) -> str:
    """Return a checkpoint as commands can name it from anywhere: a file's full path, or a Hugging Face id."""
    path = Path(checkpoint)
    return str(path.absolute()) if path.exists() else checkpoint


def onnx_path(checkpoint: str, output: Path) -> Path:
    """Return where the graph goes: ``output`` itself if it ends in .onnx, else a file in that folder.

    >>> onnx_path("models/my_model.pth", Path("build")).as_posix()
    'build/my_model.onnx'
    """
    path = output
    if output.suffix != ".onnx":
        if output.is_file():
            raise OptionError(f"{output}: is a file; give a folder, or a path that ends in .onnx")
        stem = Path(checkpoint.split("@")[0]).name or "model"
        while Path(stem).suffix in CHECKPOINT_SUFFIXES:  # .pth.tar
            stem = Path(stem).stem
        path = output / f"{stem}.onnx"
    if path.exists() and Path(checkpoint).exists() and path.samefile(checkpoint):
        raise OptionError(f"{path}: is the checkpoint itself; give another place with -o")
    return path


def compile_options(
    checkpoint: str, hardware: str, python: str, timeout: Sequence[str], *, force: bool
) -> CompileOptions:
    """Return the compile step's options, for a command that begins with a checkpoint.

    Raises:
        OptionError: a time limit is none.
    """
    from tasnet2hef.compiler.options import CompileOptions, read_minutes

    return CompileOptions(
        hardware=hardware,
        force=force,
        replace=force,
        python=python,
        minutes=read_minutes(timeout),
        checkpoint=source_of(checkpoint),
    )


def run_pipeline(
    graphs: Sequence[OpenedGraph], checks: Mapping[Path, CheckReport], options: PipelineOptions, clock: StepClock
) -> PipelineReport:
    """Run the pipeline, shown on stderr; not where `check` found errors.

    ``graphs`` are the whole one, and its segments where it was cut; ``checks`` are theirs, by path.
    """
    from tasnet2hef.cli.progress import StageDisplay
    from tasnet2hef.compiler.pipeline import PipelineReport, compile_prepared, hailo_python, prepare

    whole, *segments = graphs
    jobs = segments or [whole]
    errors = [finding for graph in jobs for finding in checks[graph.path].errors]
    if errors and not options.compiling.force:
        return PipelineReport(tuple(clock.steps), errors=len(errors))
    python, note = hailo_python(options.compiling.python)
    if note:
        show.notice(note)
    with step_progress() as progress:
        prepared = prepare(whole, jobs, options, clock, progress)
    if prepared.is_broken and not options.compiling.force:
        return PipelineReport(tuple(clock.steps), prepared, is_broken=True)
    with closing(StageDisplay(show.error_console(soft_wrap=True))) as display:
        compiled = compile_prepared(prepared, options.compiling, python, clock, display)
    return PipelineReport(tuple(clock.steps), prepared, compiled)


def pages_of(report: PipelineReport, whole: Path) -> dict[Path, dict[str, Any]]:
    """Return what the pipeline adds to each graph's report page."""
    if report.prepared is None:
        return {}
    graphs = [graph.path for graph, _ in report.prepared.jobs]
    pages: dict[Path, dict[str, Any]] = {
        graph: {"compiled": compiled} for graph, compiled in zip(graphs, report.compiled, strict=False)
    }
    pages.setdefault(whole, {})["simulate"] = report.prepared.simulation
    return pages


def print_finished(report: PipelineReport) -> None:
    """Print what the pipeline made, and at the end every step with its seconds."""
    if report.prepared is not None:
        _print_prepared(report)
    for each in report.compiled:
        print_compile(each)
    rows = [
        (each.step, shown(each.outcome), f"{each.seconds:.1f}", "\n".join(str(path) for path in each.files))
        for each in report.steps
    ]
    show.table("Pipeline", ("step", "outcome", "seconds", "files"), rows, left=(0, -1))


def require_hefs(report: PipelineReport, name: str) -> None:
    """End with exit code 1 where there should be a HEF and is none, with 3 where there was no compiler.

    Raises:
        RefusedError: `check` found errors, the simulation is broken, or a stage of the compiler failed.
        Exit: code 3; what to do is printed before.
    """
    if report.errors:
        raise _refused(name, report.errors)
    if report.is_broken:
        assert report.prepared is not None
        assert report.prepared.simulation is not None
        raise RefusedError(
            f"{name}: not compiled: {report.prepared.simulation.headline}; calibrate with mixtures as the chip "
            "will hear them, search for layers that need 16 bits (--search), or use --force"
        )
    require_each(report.compiled)


def require_each(reports: Sequence[CompileReport]) -> None:
    """Do the same for runs of the compiler.

    Raises:
        RefusedError: `check` refused a graph, or a stage failed.
        Exit: code 3; what to do is printed before.
    """
    for report in reports:
        _require_no_failure(report)
    handed_over = [report for report in reports if report.outcome == NOT_COMPILED]
    if handed_over:
        print_not_compiled(handed_over)
        raise typer.Exit(NOT_COMPILED_CODE)


def print_not_compiled(reports: Sequence[CompileReport]) -> None:
    """Print to stderr that there is no HEF, why, and what finishes the job; ``--quiet`` keeps it."""
    from tasnet2hef.compiler.bundle import BUNDLE_FOLDER

    lines = [f"NOT COMPILED: {reports[0].stopped_because}"]
    for report in reports:
        if report.hand_over is None:
            continue
        place = BUNDLE_FOLDER if len(reports) == 1 else report.hand_over.model.stem
        titles = ("here:",) if report.hand_over.is_copy else ("1. copy: ", "2. there:")
        commands = report.hand_over.commands(place)
        lines += [f"  {title} {command}" for title, command in zip(titles, commands, strict=True)]
    show.print_amber("\n".join(lines))


def _require_no_failure(report: CompileReport) -> None:
    name = report.check.name
    if report.outcome == REFUSED:
        raise _refused(name, len(report.check.errors))
    if report.outcome == FAILED and report.last is not None:
        signature = report.failure.signature if report.failure else "unknown"
        raise RefusedError(
            f"{name}: not compiled: {report.last.stage} failed ({signature}); {report.stopped_because}; log: "
            f"{report.folder / report.last.log}"
        )


def _refused(name: str, errors: int) -> RefusedError:
    return RefusedError(
        f"{name}: not compiled: check found {errors} errors, expected none; fix them, or use --force"
    )


def _print_prepared(report: PipelineReport) -> None:
    assert report.prepared is not None
    drawn, simulated = report.prepared.calibration, report.prepared.simulation
    metadata = drawn.metadata
    rows: list[tuple[str, Any]] = [
        (
            "calibration set",
            f"{drawn.path}: {metadata.windows} windows of {counted(metadata.mixed, 'recording')}, "
            f"{metadata.seconds_of_audio:.0f} s of audio",
        ),
    ]
    if simulated is not None:
        rows.append(("simulation", simulated.headline))
    rows.append(("model script", str(report.prepared.script or "none: the compiler's defaults")))
    show.text_table("Given to the compiler", ("", ""), rows)
    notes = [*metadata.notes, drawn.warning, *(() if simulated is None else simulated.notes)]
    for note in filter(None, notes):
        show.notice(note)
    if simulated is not None and simulated.verdict == BROKEN:
        show.warn(simulated.headline)


def shown(outcome: Outcome) -> str:
    """Return an outcome as a table prints it; that there is no HEF must not be overlooked."""
    return outcome.upper() if outcome == NOT_COMPILED else outcome
