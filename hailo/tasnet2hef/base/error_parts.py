"""The parts of an error's message."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_CLAUSES: Final = re.compile(r"; (?![^()]*\))")
"""Between the clauses of a message; not inside parentheses, which hold what others said."""


class ErrorParts(NamedTuple):
    """The parts of an error's message; None is one that the message does not have."""

    where: str | None
    found: str | None
    expected: str | None
    do: str | None


def parts_of(message: str) -> ErrorParts:
    """Return the parts of a message of the form ``where: found X, expected Y; what to do``.

    >>> parts_of("--speed: found -1, expected 0 or more; leave it out")
    ErrorParts(where='--speed', found='-1', expected='0 or more', do='leave it out')
    >>> parts_of("a.onnx: is empty; expected an ONNX model")
    ErrorParts(where='a.onnx', found='is empty', expected='an ONNX model', do=None)
    """
    where, _, rest = message.partition(": found " if ": found " in message else ": ")
    if not rest:
        where, rest = "", message
    said, *others = _CLAUSES.split(rest)
    found, _, expected = f", {said}".removeprefix(", found ").partition(", expected ")
    found = found.removeprefix(", ")
    wanted = [each.removeprefix("expected ") for each in others if each.startswith("expected ")]
    to_do = [each for each in others if not each.startswith("expected ")]
    return ErrorParts(
        where or None,
        found or None,
        "; ".join(filter(None, (expected, *wanted))) or None,
        "; ".join(to_do) or None,
    )
