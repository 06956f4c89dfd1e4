"""``tasnet2hef explore``: which variant of a net goes on the chip."""

from __future__ import annotations

import math
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tasnet2hef.base.agreement import BROKEN, STATUS
from tasnet2hef.base.errors import OptionError, RefusedError
from tasnet2hef.base.outcome import NOT_RUN, WARNING
from tasnet2hef.base.plain import plain
from tasnet2hef.base.progress import StepProgress, no_step_progress
from tasnet2hef.base.text import counted
from tasnet2hef.cli import show
from tasnet2hef.cli.options import (
    MOST_WORKERS,
    SIDE_BY_SIDE_PANEL,
    AnyDataOption,
    AssumeOption,
    ForceOption,
    HardwareOption,
    JsonOption,
    OneSpeakerOption,
    SettingsOption,
    SpeakersOption,
    VerboseOption,
    parse_settings,
    speakers_way,
)
from tasnet2hef.cli.progress import QUIET_SECONDS, step_progress, waiting
from tasnet2hef.cli.to_hef import NOT_COMPILED_CODE
from tasnet2hef.target.known import DEFAULT_CHIP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasnet2hef.base.workers import Ended
    from tasnet2hef.explore.row import Row
    from tasnet2hef.explore.study import StudyReport


def command(
    context: typer.Context,
    model: str = typer.Argument(
        metavar="CHECKPOINT|STUDY",
        help="Checkpoint file or folder, or a Hugging Face id; or the folder of a study, to go on with it.",
    ),
    speech: Path | None = typer.Argument(
        None,
        metavar="SPEECH_FOLDER",
        help="Folder of speech (one sub-folder per speaker) or of mixtures, see `go`.",
    ),
    hardware: HardwareOption = DEFAULT_CHIP,
    grid: Path | None = typer.Option(
        None,
        metavar="FILE",
        help="A grid of your own as TOML, see docs.",
        show_default="norms, windows, residual, precision and single forms of each kind",
    ),
    output: Path = typer.Option(
        Path("study"), "--output", "-o", metavar="FOLDER", help="Folder of the study; a second run goes on there."
    ),
    latency: float = typer.Option(
        math.inf,
        metavar="MS",
        min=0.0,
        help="Recommend only what answers within so many milliseconds.",
        show_default="any",
    ),
    simulate: bool = typer.Option(
        True,
        "--simulate/--no-simulate",
        help="Measure what each point loses; without it only what `check` predicts of each, in minutes.",
    ),
    windows: int = typer.Option(64, "--windows", "-n", metavar="NUMBER", min=1, help="Calibration windows."),
    speakers: SpeakersOption = "",
    one_speaker: OneSpeakerOption = False,
    settings: SettingsOption = [],
    assume: AssumeOption = False,
    any_data: AnyDataOption = False,
    compiles: bool = typer.Option(
        False, "--compile", help="Have the vendor's compiler take the points of the front: half an hour each."
    ),
    compile_all: bool = typer.Option(
        False, "--compile-all", help="The same for every point that is not known to fail."
    ),
    timeout: list[str] = typer.Option(
        [], "--timeout", metavar="STAGE=MIN", help="Time limits of the compiler's stages, see `compile`."
    ),
    scheduler: str = typer.Option(
        "",
        metavar="ADDRESS",
        help="Run on the workers of a Dask scheduler, such as tcp://host:8786.",
        rich_help_panel=SIDE_BY_SIDE_PANEL,
    ),
    workers: int | None = typer.Option(
        None,
        metavar="NUMBER",
        min=0,
        max=MOST_WORKERS,
        help="Processes of this machine; 0: none but this one.",
        show_default="by cores and memory",
        rich_help_panel=SIDE_BY_SIDE_PANEL,
    ),
    shared: Path | None = typer.Option(
        None,
        metavar="FOLDER",
        help="A folder that this machine and all workers reach at the same path: results lie there, and need not "
        "travel through the scheduler.",
        rich_help_panel=SIDE_BY_SIDE_PANEL,
    ),
    dry_run: bool = typer.Option(False, "--dry-run", help="Print the points; run and write nothing."),
    force: ForceOption = False,
    verbose: VerboseOption = False,
    json_output: JsonOption = False,
) -> None:
    """Try variants of a net side by side, and recommend one: least dB lost, fewest contexts, shortest latency.

    Each point is exported, checked, calibrated and simulated on the same held-out mixtures. Steps that points
    share are done once; what an earlier run finished is kept. Exit codes: 0, 1 points were lost (run it again) or
    none can be recommended, 2 bad input, 3 NOT COMPILED although --compile asked for it.

    Example:

    `tasnet2hef explore my_model.pth speech/ --hw hailo8 -o study/`

    `tasnet2hef explore study/` goes on with a study that was stopped.
    """
    show.set_verbose(verbose)
    from tasnet2hef.compiler.options import read_minutes
    from tasnet2hef.explore.explore import ExploreOptions, explore, plan_points, resume
    from tasnet2hef.explore.options import RunOptions
    from tasnet2hef.train.options import SpeechOptions

    run = RunOptions(
        scheduler=scheduler,
        workers=workers,
        shared=shared,
        compiles="all" if compile_all else "front" if compiles else "",
        minutes=read_minutes(timeout),
    )
    display = _Display()
    if speech is None:
        _require_nothing_else(context, model)
        with _told_how_to_go_on(display, Path(model), shared):
            report = resume(Path(model), run, display, latency)
        _finish(report, json_output, is_compiled=bool(run.compiles))
        return
    options = ExploreOptions(
        checkpoint=model,
        speech_folder=speech,
        folder=output,
        hardware=hardware,
        grid=grid,
        windows=windows,
        simulates=simulate,
        speech=SpeechOptions(
            hardware=hardware,
            settings=parse_settings(settings),
            assume=assume,
            speakers=speakers_way(speakers, one_speaker),
            any_data=any_data,
        ),
        speech_words=("--one-speaker",) if one_speaker else ("--speakers", speakers) if speakers else (),
        words=(*(word for each in settings for word in ("--set", each)), *(["--assume"] if assume else [])),
        force=force,
    )
    if dry_run:
        _print_points(plan_points(options), json_output)
        return
    with _told_how_to_go_on(display, output, shared):
        report = explore(options, run, display, latency)
    _finish(report, json_output, is_compiled=bool(run.compiles))


@contextmanager
def _told_how_to_go_on(display: _Display, folder: Path, shared: Path | None) -> Iterator[None]:
    """Print the next command where Ctrl-C stops the steps of a study."""
    try:
        yield
    except KeyboardInterrupt:
        if display.has_begun:
            words = ["tasnet2hef", "explore", str(folder), *(["--shared", str(shared)] if shared else [])]
            show.notice(f"what is finished is kept; next: {shlex.join(words)}")
        raise


def _require_nothing_else(context: typer.Context, study: str) -> None:
    """Refuse options that a study has had since it began.

    Raises:
        OptionError: one was given; or there is neither speech nor a study.
    """
    from tasnet2hef.explore.options import STUDY_NAME

    if not (Path(study) / STUDY_NAME).is_file():
        raise OptionError(
            f"{study}: found no speech beside it, and no {STUDY_NAME} in it; give a checkpoint and a folder of "
            "speech, or the folder of a study"
        )
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if source is not None and source.name == "COMMANDLINE" and parameter.name in _FIXED:
            raise OptionError(
                f"{parameter.opts[0]}: found with the folder of a study, which has it since it began; leave it "
                "out, or begin again with model and speech"
            )


def _finish(report: StudyReport, json_output: bool, *, is_compiled: bool) -> None:
    """Print the end, and set the exit code.

    Raises:
        RefusedError: points were lost, or none can be recommended.
        Exit: code 3: the compiler was to take points, and took none.
    """
    from tasnet2hef.explore.next_command import following_command
    from tasnet2hef.report.study_page import write_study_page

    following = following_command(report)
    page = write_study_page(report.to_json(), report.folder, following)
    if json_output:
        show.print_json({**report.to_json(), "page": str(page), "next": following})
    else:
        _print_report(report, page)
    for note in report.notes:
        show.notice(note)
    if report.failed:
        first = report.failed[0]
        raise RefusedError(
            f"{report.folder}: {counted(len(report.failed), 'point')} of {len(report.rows)} lost, the first is "
            f"{first.number} ({first.reason}); what is finished is kept; next: {following}"
        )
    if report.study.simulates and report.verdict == BROKEN:
        raise RefusedError(f"{report.folder}: {report.headline}; see {page}; next: {following}")
    if not json_output:
        show.next_command(following)
    if is_compiled and not any(row.compiled for row in report.rows):
        show.print_amber("NOT COMPILED: no point was; the notes above say why")
        raise typer.Exit(NOT_COMPILED_CODE)


def _print_report(report: StudyReport, page: Path) -> None:
    """Print the verdict, the front, or with ``--verbose`` every point, and what can't be built."""
    reason = "" if report.recommendation is None else report.recommendation.reason
    show.verdict(STATUS[report.verdict] if report.study.simulates else NOT_RUN, report.headline, reason)
    whole = show.is_verbose() or not report.front
    shown = report.rows if whole else [row for row in report.rows if row.number in report.front]
    title = "All points" if whole else "No other point beats these"
    show.table(title, _COLUMNS, [_cells(report, row) for row in shown if row.outcome == "measured"])
    refused = [row for row in report.rows if row.outcome != "measured"]
    for row in refused if show.is_verbose() else refused[:_REFUSED_SHOWN]:
        show.step(WARNING, f"{row.number}: {row.point}: {row.reason}")
    left = len(refused) - _REFUSED_SHOWN
    if left > 0 and not show.is_verbose():
        show.paragraph(f"{left} more can't be built: --verbose, or the page")
    measured = sum(row.outcome == "measured" for row in report.rows)
    done = "measured" if report.study.simulates else "predicted"
    show.paragraph(
        f"{measured} of {counted(len(report.rows), 'point')} {done}; {counted(report.steps_run, 'step')} run, "
        f"{report.steps_kept} kept; contexts are predicted where nothing was compiled\nall of it: {page}",
        indent=0,
    )


_FIXED = (
    "hardware",
    "grid",
    "output",
    "windows",
    "simulate",
    "speakers",
    "one_speaker",
    "settings",
    "assume",
    "any_data",
)
_REFUSED_SHOWN = 4
_COLUMNS = ("variant", "dB lost", "contexts", "latency ms", "layers", "CPU RTF")


def _cells(report: StudyReport, row: Row) -> tuple[str, ...]:
    factor = report.realtime_factors.get(row.number)
    return (
        f"{row.number} {row.point}",
        "" if row.lost_db is None else f"{row.lost_db:.2f}",
        f"refused: {', '.join(row.errors)}" if row.errors else str(row.contexts_known),
        f"{row.latency_ms:.0f}",
        str(row.layers),
        f"{factor:.3f}" if factor is not None and show.is_verbose() else "",
    )


def _print_points(points: Sequence[Any], json_output: bool) -> None:
    if json_output:
        show.print_json({"points": [plain(point) for point in points]})
        return
    for number, point in enumerate(points, start=1):
        show.line(f"{number}: {point}")
    show.paragraph(f"{counted(len(points), 'point')}; without --dry-run they are measured", indent=0)


class _Display:
    """Shows a study on stderr."""

    def __init__(self) -> None:
        self._progress: StepProgress = no_step_progress
        self._label = ""
        self.has_begun = False
        self._began = self._told = time.monotonic()

    def waiting(self, label: str) -> AbstractContextManager[None]:
        """Show a spinner."""
        return waiting(label)

    @contextmanager
    def working(self, where: str) -> Iterator[None]:
        """Show a bar."""
        self._label, self.has_begun = f"steps {where}", True
        self._began = self._told = time.monotonic()
        with step_progress() as self._progress:
            yield

    def ended(self, done: float, total: float, ended: Ended | None) -> None:
        """Move the bar."""
        self._progress(self._label, round(done), round(total))
        self._tell(done, total)
        if ended is not None and ended.error is not None:
            show.warn(f"{ended.key.split('-')[0]}: {ended.error}")

    def _tell(self, done: float, total: float) -> None:
        """Print a line a minute where no bar is shown."""
        now = time.monotonic()
        if sys.stderr.isatty() or not 0 < done < total or now - self._told < QUIET_SECONDS:
            return
        from tasnet2hef.guide.report import minutes_in_words

        self._told = now
        left = minutes_in_words((now - self._began) * (total - done) / done / 60)
        show.notice(f"{100 * done / total:.0f} % of the steps are done, {left} left")

    def note(self, text: str) -> None:
        """Print a note."""
        show.notice(text)
