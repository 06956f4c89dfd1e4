"""The messages of errors: their parts, and that every message of the package has them."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import pytest

import tasnet2hef
from tasnet2hef.base import errors
from tasnet2hef.base.error_parts import ErrorParts, parts_of
from tasnet2hef.base.errors import OptionError

PACKAGE = Path(tasnet2hef.__file__).parent
CLASSES = {name for name, _ in inspect.getmembers(errors, inspect.isclass) if name.endswith("Error")}


@pytest.mark.parametrize(
    ("message", "parts"),
    [
        ("n.wav: found 3, expected 2; cut it", ErrorParts("n.wav", "3", "2", "cut it")),
        ("a.pth: fb_name: found x, expected y", ErrorParts("a.pth: fb_name", "x", "y", None)),
        ("a: no such file; check it", ErrorParts("a", "no such file", None, "check it")),
        ("a: is empty; expected a graph", ErrorParts("a", "is empty", "a graph", None)),
        ("--shape q: expected NAME=1", ErrorParts("--shape q", None, "NAME=1", None)),
        ("a: can't be read (x; y: z); b; c", ErrorParts("a", "can't be read (x; y: z)", None, "b; c")),
        ("nothing of the form", ErrorParts(None, "nothing of the form", None, None)),
    ],
)
def test_parts(message: str, parts: ErrorParts) -> None:
    assert parts_of(message) == parts


def test_a_message_is_one_line_without_controls() -> None:
    assert str(OptionError("a\x1b[2J\u202e:\n  found\x85 1")) == r"a\x1b[2J\u202e: found\x85 1"


def _messages() -> Iterator[tuple[str, str]]:
    """Yield where each literal message stands and what it says, values left in braces."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES:
                text = _literal(node.args[0])
                if text is not None:
                    yield f"{path.relative_to(PACKAGE)}:{node.lineno}", text


def _literal(node: ast.expr) -> str | None:
    if isinstance(node, ast.Constant):
        return str(node.value)
    if not isinstance(node, ast.JoinedStr):
        return None
    return "".join(str(each.value) if isinstance(each, ast.Constant) else "{}" for each in node.values)


def test_every_message_says_where_and_what() -> None:
    messages = dict(_messages())
    assert len(messages) > 400
    formless = {
        place: text
        for place, text in messages.items()
        if not text.startswith("{}; ")  # goes on from another error
        and ((parts := parts_of(text)).where is None or (parts.found is None and parts.expected is None))
    }
    assert formless == {}
