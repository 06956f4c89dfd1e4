"""The mark in a file that says which command made it, and from what: only such a file may be replaced unasked.

A mark is the text ``tasnet2hef COMMAND KEY``, in the place that a file's format has for such remarks. The key is a
digest of what the command made the file from. A text file's mark also holds a digest of the rest of the file, so
that one which was edited since is the user's own.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tasnet2hef.base.files import digest_of_file

ONNX_KEY: Final = "tasnet2hef_made_by"
"""Key of the mark in an ONNX file's metadata; it is the last entry."""
_MARK: Final = rb"(tasnet2hef [a-z]+ [0-9a-f]{16})"
_READ_BYTES: Final = 8192
_LONGEST_TEXT: Final = 1 << 24
_FORMS: Final = tuple(
    (start, re.compile(pattern, re.DOTALL | re.IGNORECASE))
    for start, pattern in (
        (b"PK\x03\x04", _MARK + rb"\Z"),  # the comment of an archive
        (b"RIFF", rb"ICMT.{4}" + _MARK),
        (b"fLaC", rb"comment=" + _MARK),
        (b"\x89PNG", rb"tEXtDescription\x00" + _MARK),
        (b"<?xml", rb"<dc:title>" + _MARK),  # SVG
        (b"<!doctype html>", rb'<meta name="generator" content="' + _MARK),
        (b"{", rb'\A\{\s*"made_by": ?"' + _MARK),
        (b"\x08", rb"\x0a." + ONNX_KEY.encode() + rb"\x12." + _MARK),
    )
)
_TEXT: Final = re.compile(rb"(?:# |<!-- )" + _MARK + rb" ([0-9a-f]{16})(?: -->)?\n(.*)", re.DOTALL)


@dataclass(frozen=True)
class Mark:
    """Who made a file: a command, and a digest of what it was made from."""

    command: str
    key: str

    @classmethod
    def of(cls, command: str, *made_from: str) -> Mark:
        """Return the mark of a command's files.

        >>> Mark.of("convert", "a checkpoint").text
        'tasnet2hef convert 8c51bcbcf387d1f0'
        """
        return cls(command, _digest(os.fsencode("\0".join(made_from))))

    @property
    def text(self) -> str:
        """The mark as a file holds it."""
        return f"tasnet2hef {self.command} {self.key}"

    def in_text(self, text: str, comment: str = "# {}") -> str:
        """Return a text file's content with the mark as its first line."""
        return f"{comment.format(f'{self.text} {_digest(text.encode())}')}\n{text}"

    def beside(self, path: Path) -> str:
        """Return the JSON text of a mark that lies beside a file, whose format has no place for it."""
        return json.dumps({"made_by": self.text, "sha256": digest_of_file(path)}) + "\n"


NO_MARK: Final = Mark("", "")
"""Of an output that no earlier run can have made."""


def mark_archive(path: Path, made_by: str) -> None:
    """Write a mark's text into a ZIP archive (``.npz``, ``.pth``) as its comment, which readers ignore."""
    comment = made_by.encode()
    with path.open("r+b") as archive:
        archive.seek(-2, 2)  # the length of the comment: none so far
        archive.write(len(comment).to_bytes(2, "little") + comment)


def mark_in(path: Path, beside: Path | None = None) -> str:
    """Return the text of a file's mark; empty where it has none. Little of the file is read.

    ``beside`` is the file that holds the mark of a format which has no place for one, with the SHA-256.
    """
    try:
        if not all(file.is_file() for file in (path, beside or path)):  # opening a pipe would wait for its writer
            return ""
        if beside is not None:
            with beside.open("rb") as file:
                stored = json.loads(file.read(_READ_BYTES))
            return str(stored["made_by"]) if stored["sha256"] == digest_of_file(path) else ""
        return _mark_of_format(path)
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _mark_of_format(path: Path) -> str:
    with path.open("rb") as file:
        head = file.read(_READ_BYTES)
        size = file.seek(0, 2)
        file.seek(max(0, size - _READ_BYTES))
        ends = head, file.read(_READ_BYTES)
        for start, form in _FORMS:
            if head[: len(start)].lower() == start.lower():
                found = next(filter(None, map(form.search, ends)), None)
                return found[1].decode() if found else ""
        if _TEXT.match(head) is None or size > _LONGEST_TEXT:
            return ""
        file.seek(0)
        text = _TEXT.fullmatch(file.read(_LONGEST_TEXT))
    return text[1].decode() if text and text[2].decode() == _digest(text[3]) else ""


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()[:16]
