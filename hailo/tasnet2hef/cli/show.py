"""How results are shown: tables for people, one JSON object for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from contextvars import ContextVar
from typing import Any, Final

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from tasnet2hef.base.agreement import BROKEN, GOOD, USABLE

VERDICT_STYLES: Final = {GOOD: "green", USABLE: "yellow", BROKEN: "bold red"}

_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


def set_quiet(quiet: bool) -> None:
    """Leave out progress, notes and warnings from here on: what ``--quiet`` asks for."""
    _quiet.set(quiet)


def console() -> Console:
    """Return the console for results; piped, it has no colours and does not fold paths."""
    return Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else 160)


def error_console(*, soft_wrap: bool = False) -> Console:
    """Return the console for progress and notes, which is stderr; mute with ``--quiet``."""
    return Console(stderr=True, highlight=False, emoji=False, soft_wrap=soft_wrap, quiet=_quiet.get())


def notice(text: str) -> None:
    """Print a note to stderr, so that JSON on stdout stays clean."""
    error_console(soft_wrap=True).print(f"note: {text}", style="yellow", markup=False)


def warn(text: str) -> None:
    """Print a warning to stderr."""
    error_console(soft_wrap=True).print(text, style="bold red", markup=False)


def print_json(value: Any) -> None:
    """Print one JSON object, the last thing on stdout."""
    json.dump(value, sys.stdout, indent=2, allow_nan=False)
    sys.stdout.write("\n")


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, left: Sequence[int] = (0,)
) -> Table:
    """Make a table; the columns whose numbers are in ``left`` hold text, all others are right-aligned.

    A number below 0 counts from the end.
    """
    grid = Table(title=escape(title), title_justify="left", title_style="bold")
    text_columns = {number % len(columns) for number in left}
    for number, column in enumerate(columns):
        grid.add_column(escape(column), justify="left" if number in text_columns else "right", overflow="fold")
    for row in rows:
        grid.add_row(*(escape(cell) for cell in row))
    return grid


def text_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Make a table of text: every column is left-aligned."""
    return table(title, columns, rows, left=range(len(columns)))
