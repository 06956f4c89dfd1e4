"""How results are shown: tables for people, one JSON object for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import Progress
from rich.table import Table


def console() -> Console:
    """Return the console for results; piped, it has no colours and does not fold paths."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 160)


def error_console() -> Console:
    """Return the console for progress and notes, which is stderr."""
    return Console(stderr=True, highlight=False)


def notice(text: str) -> None:
    """Print a note to stderr, so that JSON on stdout stays clean."""
    Console(stderr=True, soft_wrap=True, highlight=False).print(f"note: {text}", style="yellow", markup=False)


def print_json(value: Any) -> None:
    """Print one JSON object, the last thing on stdout."""
    json.dump(value, sys.stdout, indent=2, allow_nan=False)
    sys.stdout.write("\n")


def table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Make a table; columns after the first are right-aligned."""
    made = Table(title=escape(title), title_justify="left", title_style="bold")
    for index, column in enumerate(columns):
        made.add_column(escape(column), justify="left" if index == 0 else "right", overflow="fold")
    for row in rows:
        made.add_row(*(escape(cell) for cell in row))
    return made


@contextmanager
def waiting(label: str) -> Iterator[None]:
    """Show on stderr that a block of unknown length runs."""
    with error_console().status(label):
        yield


@contextmanager
def progress(label: str) -> Iterator[Callable[[float, float], None]]:
    """Show a progress bar on stderr while a block runs; yields ``advance(done, total)``."""
    shown_on = Console(stderr=True)
    with Progress(console=shown_on, transient=True, disable=not shown_on.is_terminal) as bars:
        bar = bars.add_task(label, total=None)

        def advance(done: float, total: float) -> None:
            bars.update(bar, completed=done, total=total)

        yield advance
