"""Logs of the compiler and the runtime, with control characters and odd words, through ``explain``."""

from __future__ import annotations

import random
from pathlib import Path

from scripts.fuzz.case import Case, Files
from scripts.fuzz.damage import octets, text
from tests.target.failures.told_texts import TEXTS

_COMMANDS = (
    "explain log.txt", "explain log.txt --json", "explain log.txt --stage compile --hw hailo8",
    "explain log.txt -o told.md", "explain log.txt --stage runtime --json -o told.md",
)  # fmt: skip


def make_seeds(folder: Path) -> None:
    """Write what is told of failures, one log each."""
    for number, told in enumerate(TEXTS):
        (folder / f"{number:03d}.txt").write_text(told.text)


def draw(seeds: Files, dice: random.Random) -> Case:
    """Damage a log, or put two together."""
    content = seeds[dice.choice(sorted(seeds))]
    if dice.random() < 0.3:
        content += b"\n" * dice.choice((1, 1000)) + seeds[dice.choice(sorted(seeds))] * dice.choice((1, 50))
    damage = octets.damaged if dice.random() < 0.1 else _damaged_text
    return Case({"log.txt": damage(content, dice)}, tuple(dice.choice(_COMMANDS).split()))


def _damaged_text(content: bytes, dice: random.Random) -> bytes:
    return text.damaged(content.decode(), dice)
