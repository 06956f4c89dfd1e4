"""``tasnet2hef probe``: the compiler itself answers what it can and can't do."""

from __future__ import annotations

import re
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import typer

from tasnet2hef.base.errors import OptionError, RefusedError
from tasnet2hef.base.text import counted
from tasnet2hef.cli import show
from tasnet2hef.cli.options import CHIPS, RARE_PANEL, ForceOption, JsonOption, SchedulerOption
from tasnet2hef.target.known import DEFAULT_CHIP

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasnet2hef.compiler.probe.report import ProbeReport
    from tasnet2hef.target.known.knowledge_file import Conflict

_UNITS: Final = {"s": 1.0, "m": 60.0, "h": 3600.0}
_WORDS_SHOWN: Final = 120


def command(
    hardware: str = typer.Option(DEFAULT_CHIP, "--hw", metavar="CHIP", help=f"Chip: {CHIPS}."),
    only: str = typer.Option(
        "", "--only", metavar="ID,ID", help="Rules and operators to ask about; default: all."
    ),
    budget: str = typer.Option(
        "60m", "--budget", metavar="TIME", help="Time that it may take: `90s`, `60m`, `8h`."
    ),
    output: Path = typer.Option(
        Path("probe"),
        "--output",
        "-o",
        metavar="FOLDER",
        help="Folder to write; an interrupted probe in it is continued.",
    ),
    python: str = typer.Option(
        "",
        "--python",
        metavar="FILE",
        help="Python that has the compiler.",
        show_default="the one that runs this",
        rich_help_panel=RARE_PANEL,
    ),
    scheduler: SchedulerOption = "",
    plan: bool = typer.Option(False, "--plan", help="Print what would be asked, with the predictions, and stop."),
    merge: Path | None = typer.Option(
        None,
        "--merge",
        metavar="FILE",
        help="Knowledge file or `verdicts.jsonl` of another machine: add it to this one's, and stop.",
        rich_help_panel=RARE_PANEL,
    ),
    force: ForceOption = False,
    json_output: JsonOption = False,
) -> None:
    """Run the examples of all rules and operators through the compiler, and keep what it did as knowledge.

    The cheapest stage comes first. Each stage of each graph has a process of its own; an answer is kept as soon as
    it is there, so the same command continues a probe that was stopped. `check` and `compile` take the knowledge
    for this version of the compiler and this chip from then on.

    Example:

    `tasnet2hef probe --hw hailo8 --budget 8h`
    """
    if merge is not None:
        _merge(merge, json_output)
        return
    from tasnet2hef.cli.progress import ProbeDisplay
    from tasnet2hef.compiler.probe.options import ProbeOptions
    from tasnet2hef.compiler.probe.probe import plan_probe, probe
    from tasnet2hef.report.probe_page import write_probe_page

    options = ProbeOptions(output, hardware, only, parse_budget(budget), python, force=force, scheduler=scheduler)
    if plan:
        report = plan_probe(options)
    else:
        with closing(ProbeDisplay(show.error_console(soft_wrap=True))) as display:
            report = probe(options, display)
        page = write_probe_page(report)
    if json_output:
        show.print_json(report.to_json())
    else:
        print_report(report)
        if not plan:
            show.line(f"page: {page}")
            show.next_command(f"tasnet2hef check GRAPH.onnx --hw {hardware} --dfc {report.compiler}")
        else:
            show.next_command(f"tasnet2hef probe --hw {hardware} --budget {budget}")
    _refuse(report.conflicts)


def parse_budget(text: str) -> float:
    """Return a time in seconds; a number without a unit is minutes.

    Raises:
        OptionError: it is no time, or none at all.

    >>> parse_budget("90s"), parse_budget("1.5h"), parse_budget("2")
    (90.0, 5400.0, 120.0)
    """
    match = re.fullmatch(r"(\d{1,6}(?:\.\d{1,3})?)([smh]?)", text.strip())
    seconds = float(match[1]) * _UNITS[match[2] or "m"] if match else 0.0
    if seconds <= 0:
        raise OptionError(f"--budget: found {text[:40]!r}, expected a time such as 90s, 60m or 8h")
    return seconds


def print_report(report: ProbeReport) -> None:
    """Print the cases whose answer is not as predicted, or missing, and how many there are of each."""
    console = show.console()
    rows = [
        (case.name, case.predicted, case.happened, case.stage, case.words[:_WORDS_SHOWN])
        for case in report.cases
        if not report.compiler or case.agrees is not True
    ]
    title = f"DFC {report.compiler} on {report.hardware}" if report.compiler else f"Cases for {report.hardware}"
    columns = ("case", "predicted", "happened", "stage", "the compiler's words, or why there are none")
    if rows:
        show.text_table(title, columns, rows)
    passed, failed, open_ = report.count("pass"), report.count("fail"), report.count("not answered")
    console.print(
        f"{counted(len(report.cases), 'case')}: {passed} passed, {failed} failed, {open_} not answered; "
        f"{len(report.disagreeing)} not as predicted",
        markup=False,
    )
    if report.stopped_because and report.compiler:
        show.notice(report.stopped_because)
    if report.knowledge is not None:
        show.line(f"knowledge: {report.knowledge}")
    _print_conflicts(report.conflicts)


def _merge(path: Path, json_output: bool) -> None:
    from tasnet2hef.compiler.probe.merging import merge_file

    merged = merge_file(path)
    if json_output:
        show.print_json(merged.to_json())
    else:
        rows = [(each.compiler, each.hardware, str(each.added), str(each.path)) for each in merged.files]
        columns = ("DFC", "chip", "new verdicts", "knowledge file")
        show.text_table(f"{path.name} merged", columns, rows)
        _print_conflicts(merged.conflicts)
        show.next_command("tasnet2hef check GRAPH.onnx --dfc VERSION")
    _refuse(merged.conflicts)


def _print_conflicts(conflicts: Sequence[Conflict]) -> None:
    if not conflicts:
        return
    rows = [
        (
            each.ours.case,
            f"{each.ours.outcome} in {each.ours.stage} ({each.ours.source})",
            f"{each.theirs.outcome} in {each.theirs.stage} ({each.theirs.source})",
        )
        for each in conflicts
    ]
    show.text_table("Conflicts: ours is kept", ("case", "ours", "theirs"), rows)


def _refuse(conflicts: Sequence[Conflict]) -> None:
    """Refuse verdicts that contradict those on record.

    Raises:
        RefusedError: there are some.
    """
    if conflicts:
        first = conflicts[0].ours
        raise RefusedError(
            f"{counted(len(conflicts), 'verdict')} contradict those on record, first {first.case}; ours are kept: "
            "probe these cases again into another -o, and correct the knowledge file by hand if ours are wrong"
        )
