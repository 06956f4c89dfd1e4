"""Splits prompts into training, validation and test by a hash of the name, so that the split never changes.

The name is used without its language folder: a sentence in two languages, or by two voices, is in one part.
The package's own split (``train/split.py``) is by rank instead, and would move prompts when some are added.
"""

from __future__ import annotations

import hashlib
from typing import Final, Literal

Part = Literal["training", "validation", "test", "unused"]

PARTS: Final[tuple[Part, ...]] = ("training", "validation", "test")
VALIDATION_SHARE: Final = 0.08
TEST_SHARE: Final = 0.14
REUSED: Final = frozenset({"digits/and", "pbx-invalid", "queue-seconds", "spy-iax2", "vm-incorrect"})
"""Held-out names whose recording is, for some voice, in training under another name; see ``reuse.py``."""


def part_of(name: str) -> Part:
    """Return the part of the prompt called ``name`` (``digits/7``, without folder and suffix).

    >>> part_of("digits/7")
    'training'
    """
    if name in REUSED:
        return "unused"
    digest = hashlib.sha256(f"tasnet2hef demo:{name}".encode()).digest()
    place = int.from_bytes(digest[:8], "big") / 2**64
    if place < TEST_SHARE:
        return "test"
    return "validation" if place < TEST_SHARE + VALIDATION_SHARE else "training"
