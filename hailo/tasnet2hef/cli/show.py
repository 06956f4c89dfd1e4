"""How results are shown: tables for people, one JSON object for machines."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Final, Literal

from rich.console import Console, ConsoleOptions, RenderableType
from rich.markup import escape
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from tasnet2hef.base.outcome import ERROR, MISSING, NOT_RUN, OK, WARNING, Status
from tasnet2hef.base.text import escaped, one_line

STATUS_STYLES: Final[Mapping[Status, str]] = {
    OK: "green",
    WARNING: "yellow",
    ERROR: "bold red",
    MISSING: "dim",
    NOT_RUN: "dim",
}
_UNBOUNDED: Final = 100_000
"""More columns than any terminal has."""
_FEWEST_OF_A_BLOCK: Final = 3
_LONGEST_IN_A_ROW: Final = 40
"""Values of a block that are longer have lines of their own."""
_FEWEST_COLUMNS: Final = 20
"""That text is folded to, however narrow the terminal is."""
_json: ContextVar[Mapping[str, Any] | None] = ContextVar("json", default=None)
_quiet: ContextVar[bool] = ContextVar("quiet", default=False)
_verbose: ContextVar[bool] = ContextVar("verbose", default=False)


def set_quiet(quiet: bool) -> None:
    """Leave out progress, notes and warnings from here on: what ``--quiet`` asks for."""
    _quiet.set(quiet)


def set_verbose(verbose: bool) -> None:
    """Show evidence and details from here on if ``--verbose`` asks for it, before or behind the command."""
    _verbose.set(verbose or _verbose.get())


def is_verbose() -> bool:
    """Return whether evidence and details are wanted."""
    return _verbose.get()


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
    _remark(f"note: {one_line(text)}", "yellow")


def print_amber(text: str) -> None:
    """Print to stderr what must not be overlooked though it is no error: also with ``--quiet``."""
    console = _Console(stderr=True, highlight=False, emoji=False, soft_wrap=True)
    console.print(text, style="bold yellow", markup=False)


def warn(text: str) -> None:
    """Print a warning to stderr."""
    _remark(one_line(text), "bold red")


def _remark(text: str, style: str) -> None:
    """Print to stderr: folded between words on a terminal, else in one line."""
    error_console(soft_wrap=not sys.stderr.isatty()).print(text, style=style, markup=False)


def line(text: str) -> None:
    """Print one line of results, whatever it is made of."""
    console().print(one_line(text), markup=False, soft_wrap=True)


def verdict(status: Status, headline: str, sentence: str = "") -> None:
    """Print what is true now: the first lines of a command's results."""
    console().print(escaped(headline), style=STATUS_STYLES[status], markup=False, soft_wrap=True)
    if sentence:
        paragraph(sentence)


def heading(text: str, *, style: str = "bold") -> None:
    """Print the first line of a block, after an empty line."""
    console().print(f"\n{escaped(text)}", style=style, markup=False, soft_wrap=True)


def paragraph(text: str, *, indent: int = 2) -> None:
    """Print text that is folded to the terminal's width and indented; line feeds in it stay."""
    for each in escaped(text).splitlines():
        _print_folded(each, " " * indent, " " * indent)


def facts(rows: Iterable[tuple[str, str]]) -> None:
    """Print names and values in two columns without lines; long values fold within theirs."""
    cells = [(one_line(name), escaped(value)) for name, value in rows]
    indent = " " * (4 + max((len(name) for name, _ in cells if len(name) <= _LONGEST_IN_A_ROW), default=0))
    for name, value in cells:
        first, *others = value.splitlines() or [""]
        if len(name) > _LONGEST_IN_A_ROW:
            line(f"  {name}")
            others = [first, *others] if value else []
        else:
            _print_folded(first, f"  {name}".ljust(len(indent)), indent)
        for each in others:
            _print_folded(each, indent, indent)


def _print_folded(text: str, first: str, others: str) -> None:
    """Print one line folded at spaces; words, such as paths, stay whole."""
    screen = console()
    folded = textwrap.fill(
        text,
        max(screen.width - 1, len(others) + _FEWEST_COLUMNS),
        initial_indent=first,
        subsequent_indent=others,
        break_long_words=False,
        break_on_hyphens=False,
    )
    screen.print((folded or first).rstrip(), markup=False, soft_wrap=True)


def next_command(command: str, why: str = "") -> None:
    """Print the one command to run next, in one line that can be pasted: the last of a command's results."""
    console().print(f"next: {one_line(command)}", style="bold", markup=False, soft_wrap=True)
    if why:
        paragraph(why, indent=6)


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
) -> None:
    """Print a table without its empty columns; a block for each row where it is wider than the terminal.

    The columns whose numbers are in ``left`` hold text, all others are right-aligned; below 0 counts from the end.
    """
    cells = [tuple(row) for row in rows]
    text_columns = {number % len(columns) for number in left}
    used = [number for number in range(len(columns)) if number == 0 or any(row[number] for row in cells)]
    grid = Table(title=escape(one_line(title)), title_justify="left", title_style="bold")
    for number in used:
        justify: Literal["left", "right"] = "left" if number in text_columns else "right"
        grid.add_column(escape(columns[number]), justify=justify, overflow="fold")
    for row in cells:
        grid.add_row(*(escape(row[number]) for number in used))
    screen = console()
    if screen.measure(grid, options=screen.options.update(max_width=_UNBOUNDED)).maximum <= screen.width:
        screen.print(grid)
    else:
        _print_blocks(title, [[(columns[number], row[number]) for number in used] for row in cells])


def _print_blocks(title: str, rows: Sequence[Sequence[tuple[str, str]]]) -> None:
    if title:
        heading(one_line(title))
    if all(len(row) < _FEWEST_OF_A_BLOCK for row in rows):
        facts((row[0][1], row[1][1] if len(row) > 1 else "") for row in rows)
        return
    for (_, name), *values in rows:
        paragraph(name)
        told = [f"{column}: {value}" if column else value for column, value in values if value]
        paragraph(
            "\n".join(told) if any(len(each) > _LONGEST_IN_A_ROW for each in told) else ", ".join(told), indent=4
        )


def text_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a table of text, see ``table``: every column is left-aligned."""
    table(title, columns, rows, left=range(len(columns)))
