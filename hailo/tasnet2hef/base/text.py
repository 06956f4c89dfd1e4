"""Text for messages and tables."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Final

_UNSHOWABLE: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff\ud800-\udfff]"
)
"""Controls of terminals (C0, C1, DEL), marks that turn the direction of writing, ends of lines and pages besides
the usual one, and halves of characters, as which Python holds the bytes of a file's name that is not UTF-8."""


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "warning"), counted(2, "layer")
    ('1 warning', '2 layers')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def first_few(names: Sequence[str], count: int, separator: str = ", ") -> str:
    """Return the first ``count`` names, and how many more there are.

    >>> first_few(["conv1", "conv2", "conv3"], 2)
    'conv1, conv2 and 1 more'
    """
    more = len(names) - count
    gap = separator.lstrip(",")
    return separator.join(names[:count]) + (f"{gap}and {more} more" if more > 0 else "")


def nearest(word: str, known: Iterable[str]) -> str:
    """Return the hint ``did you mean X?`` with the most similar of the known names; empty if none is similar.

    >>> nearest("row-to-wide", ["row-too-wide", "held-map"]), nearest("x", ["held-map"])
    ('did you mean row-too-wide?', '')
    """
    names = {name.lower(): name for name in known}
    matches = difflib.get_close_matches(word.lower(), names, 1, 0.5)
    return f"did you mean {names[matches[0]]}?" if matches else ""


def escaped(text: str) -> str:
    """Return text from outside as it can be shown: without controls of the terminal, on a page as well.

    Line feeds and tabs stay.

    >>> escaped("conv\\x1b[2J\\u202e\\udcff")
    'conv\\\\x1b[2J\\\\u202e\\\\udcff'
    """
    return _UNSHOWABLE.sub(_code, text)


def one_line(text: str) -> str:
    """Return text from outside as ``escaped`` does, its line feeds and tabs escaped as well.

    >>> one_line("a\\nb")
    'a\\\\nb'
    """
    return escaped(text).replace("\n", "\\n").replace("\t", "\\t")


def _code(letter: re.Match[str]) -> str:
    number = ord(letter[0])
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"
