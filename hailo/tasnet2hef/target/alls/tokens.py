"""The tokens of a model script (``.alls``): names, numbers, texts and brackets, each with its position."""

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
    """A token; ``kind`` is word, number, text, mark, comment, newline or end. Line and column count from 1."""

    kind: str
    text: str
    start: int
    line: int
    column: int

    @property
    def end(self) -> int:
        """Offset of the first character after the token."""
        return self.start + len(self.text)


def tokens(script: str, where: str) -> list[Token]:
    """Split a script into tokens.

    Raises:
        OptionError: a character that starts no token, with its line and column.
    """
    script_tokens: list[Token] = []
    position, line, line_start = 0, 1, 0
    while position < len(script):
        match = _PATTERN.match(script, position)
        column = position - line_start + 1
        if match is None or match.lastgroup is None:
            what = "a text without its closing quote" if script[position] in "\"'" else repr(script[position])
            raise OptionError(f"{where}:{line}:{column}: found {what}, expected a command such as name(argument)")
        if match.lastgroup != "space":
            script_tokens.append(Token(match.lastgroup, match.group(), position, line, column))
        if "\n" in match.group():
            line, line_start = line + 1, match.end()
        position = match.end()
    script_tokens.append(Token("end", "", len(script), line, position - line_start + 1))
    return script_tokens
