"""``tasnet2hef doctor``: what is installed where, and whether it fits together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from tasnet2hef.base.errors import RefusedError
from tasnet2hef.cli import show

if TYPE_CHECKING:
    from tasnet2hef.diagnose.doctor.examine import DoctorReport


def command(
    folder: Path = typer.Option(
        Path("build"), "--output", "-o", help="Where runs would be written: its free disk."
    ),
    json_output: bool = typer.Option(False, "--json", help="Print one JSON object instead of tables."),
) -> None:
    """Look at both environments, the compiler, the runtime, the device and the machine; exit 1 if parts clash.

    Each line is `ok`, `warn`, `missing` (only a problem where it is needed) or `inconsistent` (known not to work).
    Nothing is changed; each look is bounded in time.

    Example: `tasnet2hef doctor --json`
    """
    from tasnet2hef.diagnose.doctor.examine import examine

    with show.progress("looking around") as progress:
        report = examine(folder, progress)
    if json_output:
        show.print_json(report.to_json())
    else:
        print_report(report)
    found = report.inconsistent
    if found:
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        raise RefusedError(f"{found[0].what}: {found[0].found}{more}; {found[0].advice}")


def print_report(report: DoctorReport) -> None:
    """Print what was found, and which releases go together."""
    rows = [
        (each.what, each.status, _told(each.found, each.advice, each.source, each.grade))
        for each in report.diagnoses
    ]
    _print("This machine", ("what", "status", "found, and what to do"), rows)
    from tasnet2hef.target.known.releases import PAIRINGS, format_release

    rows = [
        (
            format_release(each.compiler),
            ", ".join(format_release(runtime) for runtime in each.runtimes) or "none on record",
            f"{', '.join(each.hardware)}{f' ({each.note})' if each.note else ''}\n{each.evidence}",
        )
        for each in PAIRINGS
    ]
    _print("Releases that go together", ("DFC", "HailoRT", "chips"), rows)


def _told(found: str, advice: str, source: str, grade: str) -> str:
    return "\n".join([found, *([advice] if advice else []), *([f"{grade}: {source}"] if source else [])])


def _print(title: str, columns: tuple[str, ...], rows: list[tuple[str, str, str]]) -> None:
    made = show.table(title, columns, rows)
    for column in made.columns:
        column.justify = "left"
    show.console().print(made)
