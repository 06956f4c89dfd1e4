"""Options that several commands share, and ``NAME=VALUE`` settings."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Annotated, Final

import typer

from tasnet2hef.base.errors import OptionError
from tasnet2hef.target.known import chip_names


def _chips() -> str:
    """Return the names of the chips for a help text, in the order of their numbers."""
    numbers = re.compile(r"\d+")
    *others, last = sorted(chip_names(), key=lambda name: int(numbers.findall(name)[0]))
    return f"{', '.join(f'`{name}`' for name in others)} or `{last}`"


CHIPS: Final = _chips()
HardwareOption = Annotated[str, typer.Option("--hw", help=f"Chip: {CHIPS}.")]
InputShapeOption = Annotated[
    list[str],
    typer.Option("--input-shape", metavar="NAME=1,1,1,16000", help="Shape of a dynamic input; may be repeated."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object instead of text and tables.")]
ThreadsOption = Annotated[int | None, typer.Option(min=1, help="CPU threads.", show_default="all cores")]


def parse_settings(settings: Sequence[str]) -> dict[str, object]:
    """Parse ``NAME=VALUE`` pairs; a value that is no JSON is text.

    >>> parse_settings(["n_src=2", "mask_act=relu", "causal=true"])
    {'n_src': 2, 'mask_act': 'relu', 'causal': True}
    """
    parsed: dict[str, object] = {}
    for setting in settings:
        name, separator, text = setting.partition("=")
        if not separator or not name:
            raise OptionError(f"--set: found {setting!r}, expected NAME=VALUE, for example n_blocks=8")
        try:
            parsed[name.strip()] = json.loads(text.lower() if text in ("True", "False", "None") else text)
        except ValueError:
            parsed[name.strip()] = text.strip()
    return {name: (None if value == "none" else value) for name, value in parsed.items()}
