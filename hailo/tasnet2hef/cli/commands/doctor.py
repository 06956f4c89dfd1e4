"""``tasnet2hef doctor``: what is installed where, and whether it fits together."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tasnet2hef.base.errors import RefusedError
from tasnet2hef.base.outcome import ERROR, MISSING, OK, WARNING
from tasnet2hef.cli import show
from tasnet2hef.cli.options import JsonOption, VerboseOption
from tasnet2hef.cli.progress import progress_bar

if TYPE_CHECKING:
    from tasnet2hef.diagnose.doctor.diagnosis import Diagnosis
    from tasnet2hef.diagnose.doctor.doctor import DoctorReport


def command(
    folder: Path = typer.Option(
        Path("build"),
        "--output",
        "-o",
        metavar="FOLDER",
        help="Folder where runs would be written: its free space is examined.",
    ),
    verbose: VerboseOption = False,
    json_output: JsonOption = False,
) -> None:
    """Examine both environments, the compiler, the runtime, the device and the machine; exit 1 if they do not fit.

    Each line is `ok`, `warning`, `missing` (only a problem where it is needed) or `error` (known not to work).
    Nothing is changed; each probe is bounded in time.

    Example:

    `tasnet2hef doctor --json`
    """
    show.set_verbose(verbose)
    from tasnet2hef.diagnose.doctor.doctor import examine_machine

    with progress_bar("examining this machine") as progress:
        report = examine_machine(folder, progress)
    if json_output:
        show.print_json(report.to_json())
    else:
        print_report(report)
    if report.errors:
        first, *more = report.errors
        others = f" (and {len(more)} more)" if more else ""
        raise RefusedError(f"{first.what}: {first.found}{others}; {first.advice}")


def print_report(report: DoctorReport) -> None:
    """Print what this machine can do, then its parts; advice where one is wrong, or if verbose."""
    is_whole = all(each.status == OK for each in report.diagnoses)
    show.verdict(ERROR if report.errors else OK if is_whole else WARNING, report.abilities.sentence)
    show.facts((f"{each.status:<8} {each.what}", _details(each)) for each in report.diagnoses)
    if show.is_verbose():
        _print_releases()
    if not report.errors:
        show.next_command(report.abilities.next_step)


def _print_releases() -> None:
    from tasnet2hef.target.known.releases import PAIRINGS, format_release

    releases = [
        (
            format_release(each.compiler),
            ", ".join(format_release(runtime) for runtime in each.runtimes) or "none on record",
            f"{', '.join(each.hardware)}{f' ({each.note})' if each.note else ''}\n"
            f"{each.evidence.grade}: {each.evidence.source}",
        )
        for each in PAIRINGS
    ]
    _print("Releases that go together", ("DFC", "HailoRT", "chips"), releases)


def _details(diagnosis: Diagnosis) -> str:
    if diagnosis.status in (OK, MISSING) and not show.is_verbose():
        return diagnosis.found
    evidence = f"{diagnosis.grade}: {diagnosis.source}" if diagnosis.source and show.is_verbose() else ""
    return "\n".join(filter(None, (diagnosis.found, diagnosis.advice, evidence)))


def _print(title: str, columns: tuple[str, ...], rows: Iterable[Sequence[str]]) -> None:
    show.text_table(title, columns, rows)
