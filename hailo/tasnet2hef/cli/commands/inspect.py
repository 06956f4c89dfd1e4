"""``tasnet2hef inspect``: what a HEF, a HAR or an ONNX graph says of itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.table import Table

from tasnet2hef.cli import show
from tasnet2hef.cli.options import JsonOption

if TYPE_CHECKING:
    from tasnet2hef.target.files.file_summary import FileSummary, Port

_ROWS_SHOWN = 40
_LONGEST_CELL = 1_000
_SOURCES = {"hef": "as far as it names them", "har": "by its HN", "onnx": "as predicted"}


def command(
    file: Path = typer.Argument(
        help="`.hef`, `.onnx` or (experimental) `.har` file, recognised by content, not by name."
    ),
    damaged: bool = typer.Option(
        False, "--damaged", help="Show what is left of a HEF that is cut off behind its metadata, or altered."
    ),
    json_output: JsonOption = False,
) -> None:
    """Show what a compiled file says of itself: chip, version, contexts, inputs and outputs with scales, rate.

    Needs neither the vendor's compiler nor its runtime.

    Example: `tasnet2hef inspect build/model.hef`
    """
    from tasnet2hef.target.files.formats import read_file

    summary = read_file(file, damaged=damaged)
    if json_output:
        show.print_json(summary.to_json())
        return
    print_summary(summary, show.console())
    for note in summary.notes:
        show.notice(_cell(note))


def print_summary(summary: FileSummary, console: Console) -> None:
    """Print a file's tables; those that would be empty are left out."""
    console.print(_table(str(summary.path), (summary.format.upper(), ""), _facts(summary)))
    print_ends(summary, console)
    details = summary.details
    fused = [(each["layer"], ", ".join(each["original_names"])) for each in details.get("fused_layers", ())]
    source = _SOURCES[summary.format]
    _print_if_any(console, f"Fused layers, {source}", ("layer", "made of"), fused)
    _print_if_any(
        console,
        "From one context to another",
        ("stream", "shape", "bytes a row", "context", ""),
        [_border_row(each) for each in details.get("context_borders", ())],
    )
    layers = [(kind, str(count)) for kind, count in details.get("layers", {}).items()]
    _print_if_any(console, f"Layers, {source}", ("type", "count"), layers)


def print_ends(summary: FileSummary, console: Console) -> None:
    """Print a file's inputs and outputs."""
    for title, ends in (("Inputs", summary.inputs), ("Outputs", summary.outputs)):
        console.print(_ends_table(f"{title} [{summary.axes}]", ends))


def _facts(summary: FileSummary) -> list[tuple[str, str]]:
    common = {
        "size": f"{summary.size_bytes:,} bytes",
        "header version": summary.header_version,
        "compiler": summary.compiler_version,
        "chip": summary.hw_arch,
        "contexts": summary.contexts,
        "estimated rate": None if summary.fps is None else f"{summary.fps:,.2f} frames/s",
        "estimated latency": None if summary.latency_ms is None else f"{summary.latency_ms:,.3f} ms",
    }
    elsewhere = ("fused_layers", "context_borders", "layers", "compiler", "checks")
    details = {name: value for name, value in summary.details.items() if name not in elsewhere}
    details |= summary.details.get("checks", {})
    facts = {**common, **{name.replace("_", " "): _flat(value) for name, value in details.items()}}
    return [(name, str(value)) for name, value in facts.items() if value not in (None, "")]


def _flat(value: Any) -> str | None:
    """Put a detail in one cell.

    >>> _flat({"opset": 13, "nodes": 1200}), _flat(["a", "b"]), _flat(1200)
    ('opset 13, nodes 1,200', 'a\\nb', '1,200')
    """
    if isinstance(value, Mapping):
        return ", ".join(f"{name.replace('_', ' ')} {_flat(each)}" for name, each in value.items())
    if isinstance(value, list):
        return "\n".join(str(_flat(each)) for each in value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    return None if value is None else str(value)


def _ends_table(title: str, ends: Sequence[Port]) -> Table:
    """Make a table of those columns that say something."""
    rows = [_end_row(end) for end in ends]
    columns = ("name", "shape", "padded", "bytes a row", "scale", "zero point", "range", "original nodes")
    told = [place for place in range(len(columns)) if place < 2 or any(row[place] for row in rows)]
    return _table(title, [columns[place] for place in told], [[row[place] for place in told] for row in rows])


def _end_row(end: Port) -> tuple[str, ...]:
    padded, values = end.padded_shape, end.value_range
    return (
        end.name,
        _sizes(end.shape),
        "" if padded is None or padded == end.shape else _sizes(padded),
        "" if end.row_bytes is None else f"{end.row_bytes:,}",
        "" if end.scale is None else f"{end.scale:.6g}",
        "" if end.zero_point is None else f"{end.zero_point:g}",
        "" if values is None else f"{values[0]:.4g} to {values[1]:.4g}",
        ", ".join(end.original_names),
    )


def _border_row(border: Mapping[str, Any]) -> tuple[str, ...]:
    way = f"{'to' if border['direction'] == 'out' else 'from'} {border['connected']}"
    row_bytes = "" if border["row_bytes"] is None else f"{border['row_bytes']:,}"
    return (border["name"], _sizes(border["shape"]), row_bytes, str(border["context"]), way)


def _sizes(shape: Sequence[int | None]) -> str:
    return " x ".join("?" if size is None else str(size) for size in shape)


def _print_if_any(console: Console, title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    if rows:
        console.print(_table(title, columns, rows))


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    shown: Iterable[Sequence[str]] = rows[:_ROWS_SHOWN]
    more = len(rows) - _ROWS_SHOWN
    if more > 0:
        shown = [*shown, (f"and {more:,} more (--json has all)", *[""] * (len(columns) - 1))]
    cells = (tuple(_cell(cell) for cell in row) for row in shown)
    return show.table(_cell(title), columns, cells, left=(0, -1))


def _cell(text: str) -> str:
    """Return what a file says without what a terminal would obey, and not too long.

    >>> _cell("conv\\x1b[2J")
    'conv?[2J'
    """
    clean = "".join(each if each.isprintable() or each == "\n" else "?" for each in text[:_LONGEST_CELL])
    return clean + ("..." if len(text) > _LONGEST_CELL else "")
