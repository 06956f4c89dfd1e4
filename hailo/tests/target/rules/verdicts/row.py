"""One recorded verdict, as its line in the file states it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


class NotApplicable(Exception):
    """Raised for a row whose graph can't be drawn from what it states; the text says why."""


@dataclass(frozen=True)
class Row:
    """What a row says of its graph; its error, cause and fix are shown, and never used to draw."""

    id: str
    stage: str
    outcome: str
    op: str
    shapes: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    hw_arch: str = ""
    error: str = ""

    @property
    def failed(self) -> bool:
        """Tell whether the compiler failed; a timeout is a failure."""
        return not self.outcome.startswith("pass")

    def number(self, *names: str) -> int | None:
        """Return the first of some parameters that is a whole number, else None."""
        for name in names:
            value = self.params.get(name)
            if isinstance(value, int) and not isinstance(value, bool):
                return value
        return None

    def pair(self, *names: str) -> tuple[int, int] | None:
        """Return a parameter such as a kernel as (height, width): a list, or a text like "1x3" or "(1, 3)"."""
        for name in names:
            value = self.params.get(name)
            numbers = re.findall(r"\d+", value) if isinstance(value, str) else value
            if isinstance(numbers, int):
                return (numbers, numbers)
            if isinstance(numbers, list) and 1 <= len(numbers) <= 4:
                sizes = [int(number) for number in numbers]
                return (1, sizes[0]) if len(sizes) == 1 else (sizes[-2], sizes[-1])
        return None


_STAGES = {"parse": "translate", "quantize": "optimize", "quantise": "optimize", "allocate": "compile"}


def read_rows(path: Path) -> Iterator[Row]:
    """Go through the rows of a JSON-lines file."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.strip():
            yield row_of(json.loads(line))


def row_of(fields: Mapping[str, Any]) -> Row:
    """Return a row from the fields of its line; absent ones are empty."""
    params = fields.get("params")
    return Row(
        id=str(fields.get("id", "?")),
        stage=_stage(str(fields.get("stage") or "compile").lower()),
        outcome=str(fields.get("outcome") or "unknown"),
        op=str(fields.get("op") or ""),
        shapes=str(fields.get("shapes") or ""),
        params=params if isinstance(params, dict) else {},
        hw_arch=str(fields.get("hw_arch") or ""),
        error=str(fields.get("error") or ""),
    )


def _stage(name: str) -> str:
    return _STAGES.get(name, name)
