"""Reads the blocks of commands of the documentation, and the instructions to the test above them.

Commands stand without a prompt, for a copy button copies what is there; what they print stands in blocks of text.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[3]
_BLOCK = re.compile(r"(?P<above>(?:^ *<!--[^\n]*-->\n)*)^(?P<indent> *)```sh\n(?P<body>.*?)^ *```$", re.M | re.S)
_INSTRUCTION = re.compile(r"<!-- test: (append|check|exit)[ =](.*?) -->")


@dataclass(frozen=True)
class Block:
    """One fenced block: commands as words, options to append by sub-command, exit code of the last command."""

    where: str
    commands: tuple[tuple[str, ...], ...]
    appended: Mapping[str, tuple[str, ...]]
    exit_code: int
    check_only: str
    """Why it can't run here; empty where it can."""

    @property
    def runs(self) -> Iterator[tuple[tuple[str, ...], int]]:
        """Go through the commands with what is appended, and the exit code that each must have."""
        for number, words in enumerate(self.commands, start=1):
            more = self.appended.get(words[1], ()) if words[0] == "tasnet2hef" else ()
            yield words + more, self.exit_code if number == len(self.commands) else 0


def pages() -> list[Path]:
    """Return the pages with commands."""
    matches = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
    return [page for page in matches if "```sh\n" in page.read_text(encoding="utf-8")]


def count_blocks(text: str) -> int:
    """Count the blocks of commands, whatever stands above and in them."""
    return text.count("```sh\n")


def blocks_of(page: Path) -> list[Block]:
    """Read the blocks of a page.

    Raises:
        ValueError: a comment for the test is not understood, or names a command that the block has not.
    """
    text = page.read_text(encoding="utf-8")
    matches = [_block(page, text, match) for match in _BLOCK.finditer(text)]
    if len(matches) != count_blocks(text):
        raise ValueError(f"{page}: matches {len(matches)} blocks, expected {count_blocks(text)}")
    return matches


def _block(page: Path, text: str, match: re.Match[str]) -> Block:
    line = text.count("\n", 0, match.start("body")) + 1
    where = f"{page.relative_to(ROOT)}:{line}"
    comments = [comment for comment in match["above"].splitlines() if "test:" in comment]
    instructions = [matches for comment in comments if (matches := _INSTRUCTION.search(comment))]
    if len(instructions) != len(comments):
        raise ValueError(f"{where}: a comment for the test is not understood: {comments}")
    appended = {
        words[0]: tuple(words[1:]) for each in instructions if each[1] == "append" and (words := each[2].split())
    }
    commands = tuple(_commands(match["body"], len(match["indent"])))
    names = {words[1] for words in commands if words[0] == "tasnet2hef"}
    if not appended.keys() <= names:
        raise ValueError(f"{where}: found options for {sorted(appended)}, expected commands of the block: {names}")
    codes = [int(each[2]) for each in instructions if each[1] == "exit"]
    reasons = [each[2].removeprefix("reason=") for each in instructions if each[1] == "check"]
    return Block(where, commands, appended, codes[0] if codes else 0, reasons[0] if reasons else "")


def _commands(body: str, indent: int) -> Iterator[tuple[str, ...]]:
    joined = re.sub(r"\\\n\s*", "", body)
    for line in joined.splitlines():
        for command in line[indent:].split(" && "):
            if words := tuple(shlex.split(command, comments=True)):
                yield words
