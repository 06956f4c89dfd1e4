"""The part of ``convert`` that goes on to the HEF: its options, and what is shown of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasnet2hef.base.errors import OptionError, RefusedError
from tasnet2hef.cli import show
from tasnet2hef.cli.commands.compile import print_report as print_compile
from tasnet2hef.cli.commands.compile import refuse
from tasnet2hef.cli.commands.simulate import stages

if TYPE_CHECKING:
    from tasnet2hef.compiler.pipeline import PipelineOptions, PipelineReport, StageClock
    from tasnet2hef.target.check import CheckReport
    from tasnet2hef.target.graph.opened import OpenedGraph


def refuse_alone(further: Mapping[str, object]) -> None:
    """Refuse options of the further stages where none of these was asked for.

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


def finish(
    graphs: Sequence[OpenedGraph], checks: Mapping[Path, CheckReport], options: PipelineOptions, clock: StageClock
) -> PipelineReport:
    """Go through the further stages, showing them on stderr; stop before them where `check` found errors.

    ``graphs`` are the whole one, and its segments where it was cut; ``checks`` are theirs, by path.
    """
    from tasnet2hef.cli.compile_display import StageDisplay
    from tasnet2hef.compiler.pipeline import PipelineReport, compile_prepared, hailo_python, prepare

    whole, *segments = graphs
    jobs = segments or [whole]
    errors = [finding for graph in jobs for finding in checks[graph.path].errors]
    if errors and not options.compiling.force:
        return PipelineReport(tuple(clock.stages), errors=len(errors))
    python, note = hailo_python(options.compiling.python)
    if note:
        show.notice(note)
    with stages() as tell:
        prepared = prepare(whole, jobs, options, clock, tell)
    with closing(StageDisplay(show.error_console(soft_wrap=True))) as display:
        compiled = compile_prepared(prepared, options.compiling, python, clock, display)
    return PipelineReport(tuple(clock.stages), prepared, compiled)


def pages_of(report: PipelineReport, whole: Path) -> dict[Path, dict[str, Any]]:
    """Return what the further stages add to each graph's report page."""
    if report.prepared is None:
        return {}
    graphs = [graph.path for graph, _ in report.prepared.jobs]
    pages: dict[Path, dict[str, Any]] = {
        graph: {"compiled": compiled} for graph, compiled in zip(graphs, report.compiled, strict=False)
    }
    pages.setdefault(whole, {})["simulation"] = report.prepared.simulation
    return pages


def print_finished(report: PipelineReport) -> None:
    """Print what the further stages made, and at the end every stage with its seconds."""
    if report.prepared is not None:
        _print_prepared(report)
    for each in report.compiled:
        print_compile(each)
    rows = [
        (each.stage, each.outcome, f"{each.seconds:.1f}", "\n".join(str(path) for path in each.made))
        for each in report.stages
    ]
    made = show.table("The whole way", ("stage", "outcome", "seconds", "made"), rows)
    made.columns[-1].justify = "left"
    show.console().print(made)


def refuse_finished(report: PipelineReport, name: str) -> None:
    """End with exit code 1 where there should be a HEF and is none.

    Raises:
        RefusedError: `check` found errors, or a stage of the compiler failed.
    """
    if report.errors:
        raise RefusedError(
            f"{name}: not compiled: check found {report.errors} errors, expected none; mend them, or use --force"
        )
    for each in report.compiled:
        refuse(each)


def _print_prepared(report: PipelineReport) -> None:
    assert report.prepared is not None
    drawn, simulated = report.prepared.calibration, report.prepared.simulation
    record = drawn.record
    rows: list[tuple[str, Any]] = [
        ("calibration set", f"{drawn.path}: {record.windows} windows, {record.seconds_of_audio:.0f} s of audio"),
    ]
    if simulated is not None:
        sixteen = f"{len(simulated.sixteen_bit)} layers in 16 bits"
        told = f"{simulated.agreement_db.mixed:.1f} dB agreement with float, {sixteen}"
        rows.append(("8 bits, simulated", told))
    rows.append(("model script", str(report.prepared.script or "none: the compiler's defaults")))
    made = show.table("Given to the compiler", ("", ""), rows)
    made.columns[-1].justify = "left"
    show.console().print(made)
    notes = [*record.notes, drawn.warning, *(() if simulated is None else simulated.notes)]
    for note in filter(None, notes):
        show.notice(note)
