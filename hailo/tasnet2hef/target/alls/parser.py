"""Reads a model script into statements; what can't be read is told with line and column.

Statements are ``command(arguments)``, ``name = command(arguments)``, ``a, b = command(arguments)`` and
``{} = command(arguments)``. Arguments are values or ``keyword=value``; values are names, numbers, texts, lists in
``[]`` and globs in ``{}``. Inside brackets a statement may go on over several lines. Which commands exist is not
judged here: the compiler knows more of them than we do.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tasnet2hef.base.errors import OptionError
from tasnet2hef.target.alls.tokens import Token, tokens

_CLOSING = {"(": ")", "[": "]", "{": "}"}


@dataclass(frozen=True)
class Value:
    """A value: one token, or the values of a list; ``bracket`` is ``[`` or ``{`` for those."""

    token: Token
    items: tuple[Value, ...] = ()
    bracket: str = ""

    def words(self) -> Iterator[Token]:
        """Go through all names in the value."""
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
    """A cursor over the words of a script."""

    def __init__(self, found: list[Token], where: str) -> None:
        self.found = found
        self.where = where
        self.place = 0

    @property
    def now(self) -> Token:
        return self.found[self.place]

    def skip_newlines(self) -> Token:
        while self.now.kind == "newline" or self.now.text == ";":
            self.place += 1
        return self.now

    def take(self) -> Token:
        self.place += 1
        return self.found[self.place - 1]

    def refuse(self, expected: str, token: Token | None = None) -> OptionError:
        at = token or self.now
        found = {"end": "the end of the script", "newline": "the end of the line"}.get(at.kind, repr(at.text))
        return OptionError(f"{self.where}:{at.line}:{at.column}: found {found}, expected {expected}")

    def statement(self) -> Statement:
        first = self.now
        targets = self.targets()
        if self.now.kind != "word":
            raise self.refuse("the name of a command")
        command = self.take()
        if self.now.text != "(":
            raise self.refuse(f"'(' after {command.text}")
        positional, keywords, closing = self.arguments(self.take())
        if self.now.kind not in ("newline", "end") and self.now.text != ";":
            raise self.refuse("the end of the line after ')'")
        return Statement(
            command.text, targets, positional, keywords, first.start, closing.end, first.line, first.column
        )

    def targets(self) -> tuple[str, ...]:
        """Read ``a, b =`` where the line has it; leave the cursor at the command."""
        start = self.place
        names = []
        while self.now.kind == "word" or self.now.text in ("{", "}", "[", "]", ","):
            if self.now.kind == "word":
                names.append(self.now.text)
            self.place += 1
        if self.now.text == "=":
            self.place += 1
            return tuple(names)
        self.place = start
        return ()

    def arguments(self, opening: Token) -> tuple[tuple[Value, ...], tuple[tuple[str, Value], ...], Token]:
        positional: list[Value] = []
        keywords: list[tuple[str, Value]] = []
        while self.inside().text != ")":
            following = self.found[self.place + 1] if self.place + 1 < len(self.found) else self.now
            if self.now.kind == "word" and following.text == "=":
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
        raise self.refuse("a value")

    def sequence(self, opening: Token) -> Value:
        items = []
        while self.inside().text != _CLOSING[opening.text]:
            items.append(self.value())
            self.separator(opening)
        self.take()
        return Value(opening, tuple(items), opening.text)

    def separator(self, opening: Token) -> None:
        closing = _CLOSING[opening.text]
        if self.inside().text == ",":
            self.take()
            return
        if self.now.text != closing:
            where = f"line {opening.line}, column {opening.column}"
            raise self.refuse(f"',' or '{closing}' (opened at {where})")

    def inside(self) -> Token:
        """Return the next word inside brackets, where lines may break."""
        while self.now.kind == "newline":
            self.place += 1
        return self.now
