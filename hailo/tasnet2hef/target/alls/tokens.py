"""The words of a model script (``.alls``): names, numbers, texts and brackets, each with its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from tasnet2hef.base.errors import OptionError

# Names may hold a scope (net/conv1), a context (context_0.place) and the star of a glob.
_WORD = r"[A-Za-z_*?/][A-Za-z0-9_.*?/\-]*"
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?(?![A-Za-z_])"
_PATTERN: Final = re.compile(
    rf"(?P<space>[ \t\r\f\v]+|\\\n)|(?P<comment>\#[^\n]*)|(?P<newline>\n)|(?P<number>{_NUMBER})|(?P<word>{_WORD})"
    r"|(?P<text>\"[^\"\n]*\"|'[^'\n]*')|(?P<mark>[=(),\[\]{};:])"
)


@dataclass(frozen=True)
class Token:
    """A word of ``kind`` word, number, text, mark, comment, newline or end; line and column count from 1."""

    kind: str
    text: str
    start: int
    line: int
    column: int

    @property
    def end(self) -> int:
        """Offset behind the word."""
        return self.start + len(self.text)


def tokens(script: str, where: str) -> list[Token]:
    """Split a script into words.

    Raises:
        OptionError: a character that belongs to no word, with its line and column.
    """
    found: list[Token] = []
    place, line, line_start = 0, 1, 0
    while place < len(script):
        match = _PATTERN.match(script, place)
        column = place - line_start + 1
        if match is None or match.lastgroup is None:
            what = "a text without its closing quote" if script[place] in "\"'" else repr(script[place])
            raise OptionError(f"{where}:{line}:{column}: found {what}, expected a command such as name(argument)")
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup, match.group(), place, line, column))
        if "\n" in match.group():
            line, line_start = line + 1, match.end()
        place = match.end()
    found.append(Token("end", "", len(script), line, place - line_start + 1))
    return found
