"""Which prompts train, validate and test: decided by a hash of the prompt's name, so it never changes.

The name is the prompt's own, without its language folder: the same sentence in two languages, or spoken by two
voices, falls on the same side.
"""

from __future__ import annotations

import hashlib
from typing import Final, Literal

Side = Literal["train", "validation", "test", "unused"]

SIDES: Final[tuple[Side, ...]] = ("train", "validation", "test")
VALIDATION_SHARE: Final = 0.08
TEST_SHARE: Final = 0.14
REUSED: Final = frozenset({"digits/and", "pbx-invalid", "queue-seconds", "spy-iax2", "vm-incorrect"})
"""Held-out names whose recording stands, for some voice, in training under another name; see ``reuse.py``."""


def side_of(name: str) -> Side:
    """Return the side of the prompt called ``name`` (``digits/7``, without folder and suffix).

    >>> side_of("digits/7") == side_of("digits/7")
    True
    """
    if name in REUSED:
        return "unused"
    digest = hashlib.sha256(f"tasnet2hef demo:{name}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < TEST_SHARE:
        return "test"
    return "validation" if place < TEST_SHARE + VALIDATION_SHARE else "train"
