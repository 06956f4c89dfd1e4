"""``tasnet2hef inspect``: the metadata of a HEF, a HAR or an ONNX graph."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from tasnet2hef.base.text import counted
from tasnet2hef.cli import show
from tasnet2hef.cli.options import JsonOption, VerboseOption
from tasnet2hef.cli.tables import print_ports, print_table_of_file, printable, sizes

if TYPE_CHECKING:
    from tasnet2hef.target.files.file_summary import FileSummary

_SOURCES = {"hef": "as far as it names them", "har": "by its HN", "onnx": "as predicted"}


def command(
    file: Path = typer.Argument(
        metavar="FILE", help="`.hef`, `.onnx` or (experimental) `.har` file, recognised by content, not by name."
    ),
    damaged: bool = typer.Option(
        False, "--damaged", help="Show what is left of a HEF that is cut off behind its metadata, or altered."
    ),
    verbose: VerboseOption = False,
    json_output: JsonOption = False,
) -> None:
    """Show the metadata of a compiled file: chip, version, contexts, inputs and outputs with scales, rate.

    Needs neither the vendor's compiler nor its runtime.

    Example:

    `tasnet2hef inspect build/model.hef`
    """
    show.set_verbose(verbose)
    from tasnet2hef.target.files.formats import read_file

    summary = read_file(file, damaged=damaged)
    if json_output:
        show.print_json(summary.to_json())
        return
    print_summary(summary)
    for note in summary.notes:
        show.notice(printable(note))
    if summary.format == "onnx":
        show.next_command(shlex.join(["tasnet2hef", "check", str(file)]), "see what the compiler will refuse")


def print_summary(summary: FileSummary) -> None:
    """Print what a file is, its facts, inputs and outputs; its layers and their borders with ``--verbose``."""
    chip = f" for {summary.hw_arch}" if summary.hw_arch else ""
    contexts = "" if summary.contexts is None else f", {counted(summary.contexts, 'context')}"
    show.heading(printable(f"{summary.path}: {summary.format.upper()}{chip}{contexts}"))
    show.facts((name, printable(value)) for name, value in _facts(summary))
    print_ports(summary)
    if show.is_verbose():
        _print_details(summary)


def _print_details(summary: FileSummary) -> None:
    details, source = summary.details, _SOURCES[summary.format]
    fused = [(each["layer"], ", ".join(each["original_names"])) for each in details.get("fused_layers", ())]
    borders = [_border_row(each) for each in details.get("context_borders", ())]
    layers = [(kind, str(count)) for kind, count in details.get("layers", {}).items()]
    parts: list[tuple[str, Sequence[str], Sequence[Sequence[str]]]] = [
        (f"Fused layers, {source}", ("layer", "made of"), fused),
        ("From one context to another", ("stream", "shape", "bytes a row", "context", ""), borders),
        (f"Layers, {source}", ("type", "count"), layers),
    ]
    for title, columns, rows in parts:
        if rows:
            print_table_of_file(title, columns, rows)


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


def _border_row(border: Mapping[str, Any]) -> tuple[str, ...]:
    target = f"{'to' if border['direction'] == 'out' else 'from'} {border['connected']}"
    row_bytes = "" if border["row_bytes"] is None else f"{border['row_bytes']:,}"
    return (border["name"], sizes(border["shape"]), row_bytes, str(border["context"]), target)
