"""``tasnet2hef go``: one guided path from a checkpoint and speech to the HEF."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tasnet2hef.base.agreement import BROKEN, STATUS
from tasnet2hef.base.errors import RefusedError, Tasnet2HefError
from tasnet2hef.base.outcome import NOT_COMPILED, OK, WARNING
from tasnet2hef.base.plain import plain
from tasnet2hef.cli import show
from tasnet2hef.cli.options import (
    AnyDataOption,
    AssumeOption,
    ForceCompileOption,
    HardwareOption,
    JsonOption,
    OneSpeakerOption,
    SettingsOption,
    SpeakersOption,
    parse_settings,
    speakers_way,
)
from tasnet2hef.cli.progress import StageDisplay, step_progress
from tasnet2hef.cli.to_hef import compile_options, onnx_path, require_each
from tasnet2hef.target.known import DEFAULT_CHIP

if TYPE_CHECKING:
    from tasnet2hef.base.progress import StepProgress
    from tasnet2hef.guide.report import GoReport, PlannedStep, StepReport


def command(
    context: typer.Context,
    checkpoint: str = typer.Argument(
        metavar="CHECKPOINT", help="Checkpoint file or folder, or a Hugging Face id `org/name`."
    ),
    speech: Path = typer.Argument(
        metavar="SPEECH_FOLDER",
        help="Folder of speech (one sub-folder per speaker, or a known data set), or of mixtures (LibriMix, "
        "WHAM!, NAME_mixture.wav).",
    ),
    hardware: HardwareOption = DEFAULT_CHIP,
    output: Path = typer.Option(
        Path("build"),
        "--output",
        "-o",
        metavar="FOLDER",
        help="Folder for the results, or a path that ends in .onnx.",
    ),
    seconds: float = typer.Option(
        2.0, metavar="SECONDS", help="Length of the window that the device computes, in seconds."
    ),
    windows: int = typer.Option(
        64, "--windows", "-n", metavar="NUMBER", min=1, help="Calibration windows, see `calibrate`."
    ),
    mix: int | None = typer.Option(
        None,
        metavar="NUMBER",
        min=1,
        max=5,
        help="Recordings to add up in each window.",
        show_default="by the net",
    ),
    speakers: SpeakersOption = "",
    one_speaker: OneSpeakerOption = False,
    distil: bool = typer.Option(
        False,
        "--distil",
        help="Where norms must become constants: train, for hours, instead of only fitting them.",
    ),
    search: bool | None = typer.Option(
        None,
        "--search/--no-search",
        help="Search for the layers that need 16 bits: minutes to hours.",
        show_default="where 8 bits lose more than 0.5 dB",
    ),
    python: str = typer.Option(
        "",
        "--hailo-python",
        metavar="FILE",
        help="Python that has the compiler.",
        show_default="to-hailo-env's, else this one",
    ),
    timeout: list[str] = typer.Option(
        [], "--timeout", metavar="STAGE=MIN", help="Time limits of the compiler's stages, see `compile`."
    ),
    settings: SettingsOption = [],
    assume: AssumeOption = False,
    any_data: AnyDataOption = False,
    force: ForceCompileOption = False,
    dry_run: bool = typer.Option(
        False, "--dry-run", help="Print what would be done, with the minutes it will take; write nothing."
    ),
    json_output: JsonOption = False,
) -> None:
    """Go all the way from a checkpoint and speech to the HEF; each step says what it decided, and why.

    Every step is good, usable or broken; it stops at the first that is broken, with the command that mends it. A
    second run keeps what is done. Exit codes: 0 a HEF, 1 stopped at broken, 2 bad input, 3 NOT COMPILED: all is
    ready, but the compiler is not installed here.

    Example:

    `tasnet2hef go my_model.pth speech/ --hw hailo8`

    `--json` prints one object: `steps` (each `name`, `reason`, `verdict`, `fix`, `outcome`, `seconds`, `files`,
    `notes`, `lost_db`, `is_kept`), `verdict` (the worst of all) and `next` (`command`, `why`).
    """
    from tasnet2hef.guide.go import go
    from tasnet2hef.guide.options import GoOptions
    from tasnet2hef.guide.plan import plan
    from tasnet2hef.train.options import SpeechOptions

    graph = onnx_path(checkpoint, output)
    options = GoOptions(
        checkpoint=checkpoint,
        speech_folder=speech,
        folder=graph.parent,
        name=graph.stem,
        seconds=seconds,
        windows=windows,
        mix=mix,
        search=search,
        distil=distil,
        given=_given(context),
        speech=SpeechOptions(
            hardware=hardware,
            settings=parse_settings(settings),
            assume=assume,
            speakers=speakers_way(speakers, one_speaker),
            any_data=any_data,
        ),
        compiling=compile_options(checkpoint, hardware, python, timeout, force=force),
    )
    if dry_run:
        _print_plan(plan(options), json_output)
        return
    with closing(_Display(quiet=json_output)) as display:
        try:
            report = go(options, display)
        except Tasnet2HefError:
            if json_output:
                show.print_json({"steps": plain(display.steps), "verdict": BROKEN, "next": None})
            raise
    _finish(report, json_output)


def _finish(report: GoReport, json_output: bool) -> None:
    """Print the end, and set the exit code.

    Raises:
        RefusedError: a step is broken.
        Exit: code 3: there was no compiler.
    """
    if json_output:
        show.print_json(report.to_json())
    broken = [step for step in report.steps if step.verdict == BROKEN]
    if broken:
        raise RefusedError(f"{broken[-1]}; to mend it: {report.next.command}")
    if report.compiled is not None:
        require_each([report.compiled])
    if not json_output:
        show.next_command(report.next.command, report.next.why)


class _Display:
    """Prints one line for each step, on stdout unless ``quiet``; progress goes to stderr."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self.stages = StageDisplay(show.error_console(soft_wrap=True))
        self.steps: list[StepReport] = []

    @contextmanager
    def working(self, step: str) -> Iterator[StepProgress]:
        """Show a bar that is named as the step until there is progress."""
        with step_progress() as progress:
            progress(step, 0, 0)
            yield progress

    def ended(self, step: StepReport) -> None:
        """Print the step's line, and its notes."""
        self.steps.append(step)
        if not self._quiet:
            show.step(WARNING if step.outcome == NOT_COMPILED else STATUS[step.verdict], str(step))
        for note in step.notes:
            show.notice(f"{step.name}: {note}")

    def close(self) -> None:
        """Remove what is shown."""
        self.stages.close()


def _print_plan(steps: tuple[PlannedStep, ...], json_output: bool) -> None:
    if json_output:
        show.print_json({"plan": plain(steps)})
        return
    for step in steps:
        show.step(OK, str(step))


def _given(context: typer.Context) -> tuple[str, ...]:
    """Return the options of this command line as words, without the arguments and what concerns this run only."""
    words: list[str] = []
    for parameter in context.command.params:
        source = context.get_parameter_source(parameter.name or "")
        if parameter.param_type_name != "option" or source is None or source.name != "COMMANDLINE":
            continue
        words += _words(parameter, context.params[parameter.name or ""])
    return tuple(words)


def _words(parameter: Any, value: Any) -> list[str]:
    """Return an option with its value as words of a command line; one that is for this run only has none."""
    if parameter.name in ("dry_run", "json_output", "force"):
        return []
    if isinstance(value, bool):
        return (
            [parameter.opts[0] if value else parameter.secondary_opts[0]]
            if value or parameter.secondary_opts
            else []
        )
    values = value if isinstance(value, (list, tuple)) else [value]
    return [word for each in values for word in (parameter.opts[0], str(each))]
