"""Reads a page back as a browser would: its elements, their attributes and its text."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

Attributes = dict[str, str | None]


@dataclass
class ReadPage:
    """Elements in their order; ``text`` is what is neither style nor script."""

    elements: list[tuple[str, Attributes]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())

    def all(self, tag: str, **wanted: str) -> list[Attributes]:
        """Return the elements of a tag whose attributes hold the words wanted."""
        return [
            element
            for name, element in self.elements
            if name == tag
            and all(word in (element.get(key.rstrip("_")) or "").split() for key, word in wanted.items())
        ]


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = ReadPage()
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.page.elements.append((tag, dict(attrs)))
        if tag in ("style", "script"):
            self.inside.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if not self.inside:
            self.page.texts.append(data)


def read_page(text: str) -> ReadPage:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.page
