"""Reads a model script into statements; a syntax error is reported with line and column.

Statements are ``command(arguments)``, ``name = command(arguments)``, ``a, b = command(arguments)`` and
``{} = command(arguments)``. Arguments are values or ``keyword=value``; values are names, numbers, texts, lists in
``[]`` and globs in ``{}``. Inside brackets a statement may span several lines. Which commands exist is not checked
here: the compiler has more of them than are known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.records import MOST_DEPTH, RecordError, decoded, read_bounded, shown, shown_name
from tasnet2hef.target.alls.tokens import Token, tokens

MOST_BYTES: Final = 2**21
"""A script names every layer of a net a few times: some hundred kB."""
_CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Value:
    """A value: one token, or the values of a list; ``bracket`` is ``[`` or ``{`` for those."""

    token: Token
    items: tuple[Value, ...] = ()
    bracket: str = ""

    def words(self) -> Iterator[Token]:
        """Iterate over all names in the value."""
        if self.bracket:
            for item in self.items:
                yield from item.words()
        elif self.token.kind == "word":
            yield self.token

    @property
    def text(self) -> str:
        """The word as written, empty for lists."""
        return "" if self.bracket else self.token.text


@dataclass(frozen=True)
class Statement:
    """One command; ``start`` and ``end`` are its offsets in the script."""

    command: str
    targets: tuple[str, ...]
    positional: tuple[Value, ...]
    keywords: tuple[tuple[str, Value], ...]
    start: int
    end: int
    line: int
    column: int

    def keyword(self, name: str) -> Value | None:
        """Return the value of a keyword argument, or None."""
        return dict(self.keywords).get(name)


def read_script(path: Path) -> str:
    """Return the text of a script file.

    Raises:
        OptionError: it is missing or not text.
    """
    try:
        return decoded(read_bounded(path, MOST_BYTES))
    except (OSError, RecordError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        raise OptionError(f"{path}: can't be read ({reason}); give a model script (.alls)") from error


def parse_script(script: str, where: str = "model script") -> tuple[Statement, ...]:
    """Return the statements of a script.

    Raises:
        OptionError: a syntax error, as ``where:line:column: found ..., expected ...``.
    """
    reader = _Reader([token for token in tokens(script, where) if token.kind != "comment"], where)
    statements = []
    while reader.skip_newlines().kind != "end":
        statements.append(reader.statement())
    return tuple(statements)


class _Reader:
    """A cursor over the tokens of a script."""

    def __init__(self, script_tokens: list[Token], where: str) -> None:
        self.tokens = script_tokens
        self.where = where
        self.position = 0
        self.depth = 0

    @property
    def current(self) -> Token:
        return self.tokens[self.position]

    def skip_newlines(self) -> Token:
        while self.current.kind == "newline" or self.current.text == ";":
            self.position += 1
        return self.current

    def take(self) -> Token:
        self.position += 1
        return self.tokens[self.position - 1]

    def error(self, expected: str) -> OptionError:
        token = self.current
        ends = {"end": "the end of the script", "newline": "the end of the line"}
        found = ends.get(token.kind, shown(token.text))
        return OptionError(f"{self.where}:{token.line}:{token.column}: found {found}, expected {expected}")

    def statement(self) -> Statement:
        first = self.current
        targets = self.targets()
        if self.current.kind != "word":
            raise self.error("the name of a command")
        command = self.take()
        if self.current.text != "(":
            raise self.error(f"'(' after {shown_name(command.text)}")
        positional, keywords, closing = self.arguments(self.take())
        if self.current.kind not in ("newline", "end") and self.current.text != ";":
            raise self.error("the end of the line after ')'")
        return Statement(
            command.text, targets, positional, keywords, first.start, closing.end, first.line, first.column
        )

    def targets(self) -> tuple[str, ...]:
        """Read ``a, b =`` where the line has it; leave the cursor at the command."""
        start = self.position
        names = []
        while self.current.kind == "word" or self.current.text in ("{", "}", "[", "]", ","):
            if self.current.kind == "word":
                names.append(self.current.text)
            self.position += 1
        if self.current.text == "=":
            self.position += 1
            return tuple(names)
        self.position = start
        return ()

    def arguments(self, opening: Token) -> tuple[tuple[Value, ...], tuple[tuple[str, Value], ...], Token]:
        positional: list[Value] = []
        keywords: list[tuple[str, Value]] = []
        while self.inside().text != ")":
            following = self.tokens[self.position + 1] if self.position + 1 < len(self.tokens) else self.current
            if self.current.kind == "word" and following.text == "=":
                name = self.take().text
                self.take()
                keywords.append((name, self.value()))
            else:
                positional.append(self.value())
            self.separator(opening)
        return tuple(positional), tuple(keywords), self.take()

    def value(self) -> Value:
        token = self.inside()
        if token.text in ("[", "{"):
            return self.sequence(self.take())
        if token.kind in ("word", "number", "text"):
            return Value(self.take())
        raise self.error("a value")

    def sequence(self, opening: Token) -> Value:
        items = []
        self.depth += 1
        if self.depth > MOST_DEPTH:
            raise self.error(f"at most {MOST_DEPTH} brackets inside each other")
        while self.inside().text != _CLOSING[opening.text]:
            items.append(self.value())
            self.separator(opening)
        self.depth -= 1
        self.take()
        return Value(opening, tuple(items), opening.text)

    def separator(self, opening: Token) -> None:
        closing = _CLOSING[opening.text]
        if self.inside().text == ",":
            self.take()
            return
        if self.current.text != closing:
            where = f"line {opening.line}, column {opening.column}"
            raise self.error(f"',' or '{closing}' (opened at {where})")

    def inside(self) -> Token:
        """Return the next token inside brackets, where lines may break."""
        while self.current.kind == "newline":
            self.position += 1
        return self.current
