"""What is known of each chip, and what the compiler's limits are, each number with its source."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Final

from scripts.pages.markdown import table
from tasnet2hef.target.known import limits, load_chip
from tasnet2hef.target.known.chip import Chip
from tasnet2hef.target.known.evidence import Figure
from tasnet2hef.target.known.loader import chip_names

PATH: Final = "reference/chips.md"

_HEAD: Final = """# Chips and limits

The numbers that `check` and the cost model use. An empty cell: no source is known.
"""
_COLUMNS: Final = ("number", "value", "unit", "grade", "source", "note")


def text() -> str:
    """Return the page."""
    chips = [load_chip(name) for name in chip_names()]
    fields = [field.name for field in dataclasses.fields(Chip) if field.name != "name"]
    rows = [(_words(name), *(_value(getattr(chip, name)) for chip in chips)) for name in fields]
    rows.append(("layers in one context", *(str(chip.single_context_layers) for chip in chips)))
    rows.append(("the same with raised caps", *(str(chip.raised_context_layers) for chip in chips)))
    rows.append(("layers in each of several", *(str(chip.layers_per_context) for chip in chips)))
    parts = [_HEAD, table(("", *chip_names()), rows)]
    for chip in chips:
        figures = [(_words(name), getattr(chip, name)) for name in fields]
        parts += [f"## {chip.name}", table(_COLUMNS, _rows(figures))]
    figures = [(_words(name), figure) for name, figure in vars(limits).items() if isinstance(figure, Figure)]
    parts += ["## The compiler's limits", table(_COLUMNS, _rows(figures))]
    return "\n\n".join(parts) + "\n"


def _rows(figures: list[tuple[str, Figure | None]]) -> Iterator[tuple[str, ...]]:
    for name, figure in figures:
        if figure is not None:
            yield (name, _value(figure), figure.unit, figure.evidence.grade, figure.evidence.citation, figure.note)


def _value(figure: Figure | None) -> str:
    return "" if figure is None else f"{figure.value:,g}"


def _words(name: str) -> str:
    return name.lower().replace("_", " ")
