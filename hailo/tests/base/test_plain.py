"""Dataclasses become JSON values by their own field names; what JSON can't hold is refused."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from tasnet2hef.base.plain import plain


@dataclass(frozen=True)
class Inner:
    path: Path
    level_db: float | None


@dataclass(frozen=True)
class Outer:
    name: str
    parts: tuple[Inner, ...]
    counts: dict[int, bool]


def test_fields_keep_their_names_and_order() -> None:
    values = plain(Outer("net", (Inner(Path("a/b.onnx"), None), Inner(Path("c"), -3.5)), {1: True}))
    assert values == {
        "name": "net",
        "parts": [{"path": "a/b.onnx", "level_db": None}, {"path": "c", "level_db": -3.5}],
        "counts": {"1": True},
    }
    assert list(values) == ["name", "parts", "counts"]
    assert json.loads(json.dumps(values)) == values


@pytest.mark.parametrize("value", [{1, 2}, b"bytes", np.zeros(2), Inner])
def test_what_json_cannot_hold_is_refused(value: object) -> None:
    with pytest.raises(TypeError, match="expected a dataclass, mapping, sequence, path, text or number"):
        plain({"nested": [value]})
