"""How results are shown: tables for people, one JSON object for machines."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Final

from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from tasnet2hef.base.agreement import BROKEN, GOOD, USABLE
from tasnet2hef.base.text import escaped, one_line

VERDICT_STYLES: Final = {GOOD: "green", USABLE: "yellow", BROKEN: "bold red"}
_json: ContextVar[Mapping[str, Any] | None] = ContextVar("json", default=None)
_quiet: ContextVar[bool] = ContextVar("quiet", default=False)


def set_quiet(quiet: bool) -> None:
    """Leave out progress, notes and warnings from here on: what ``--quiet`` asks for."""
    _quiet.set(quiet)


class _Console(Console):
    """A console that shows controls of the terminal in a text as escapes; Rich's own ones work."""

    def render_str(self, text: str, **options: Any) -> Text:
        """Make text of a string."""
        return super().render_str(escaped(text), **options)

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        """Render anything else."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=escaped(segment.text))


def console() -> Console:
    """Return the console for results; piped, it has no colours and does not fold paths."""
    return _Console(highlight=False, emoji=False, width=None if sys.stdout.isatty() else 160)


def error_console(*, soft_wrap: bool = False) -> Console:
    """Return the console for progress and notes, which is stderr; mute with ``--quiet``."""
    return _Console(stderr=True, highlight=False, emoji=False, soft_wrap=soft_wrap, quiet=_quiet.get())


def notice(text: str) -> None:
    """Print a note to stderr, so that JSON on stdout stays clean."""
    error_console(soft_wrap=True).print(f"note: {one_line(text)}", style="yellow", markup=False)


def print_amber(text: str) -> None:
    """Print to stderr what must not be overlooked though it is no error: also with ``--quiet``."""
    console = _Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
    console.print(text, style="bold yellow", markup=False)


def warn(text: str) -> None:
    """Print a warning to stderr."""
    error_console(soft_wrap=True).print(one_line(text), style="bold red", markup=False)


def line(text: str) -> None:
    """Print one line of results, whatever it is made of."""
    console().print(one_line(text), markup=False, soft_wrap=True)


def error(text: str) -> None:
    """Print an error to stderr, ``--quiet`` or not."""
    _Console(stderr=True, soft_wrap=True, emoji=False, highlight=False).print(
        one_line(text), style="red", markup=False
    )


def print_json(value: Mapping[str, Any]) -> None:
    """Print one JSON object, the last thing on stdout: at the end of the command, by `finish_json`.

    Raises:
        ValueError: it holds NaN or infinity, which JSON lacks.
    """
    json.dumps(value, allow_nan=False)
    _json.set(value)


def finish_json(failure: Mapping[str, Any] | None) -> None:
    """Print the command's object, if it has one, with how it failed, if it did."""
    value = _json.get()
    if value is None and failure is None:
        return
    sys.stdout.write(json.dumps({**(value or {}), **(failure or {})}, indent=2) + "\n")


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], *, left: Sequence[int] = (0,)
) -> Table:
    """Make a table; the columns whose numbers are in ``left`` hold text, all others are right-aligned.

    A number below 0 counts from the end.
    """
    grid = Table(title=escape(one_line(title)), title_justify="left", title_style="bold")
    text_columns = {number % len(columns) for number in left}
    for number, column in enumerate(columns):
        grid.add_column(escape(column), justify="left" if number in text_columns else "right", overflow="fold")
    for row in rows:
        grid.add_row(*(escape(cell) for cell in row))
    return grid


def text_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Table:
    """Make a table of text: every column is left-aligned."""
    return table(title, columns, rows, left=range(len(columns)))
