"""Damage that knows no format: bytes changed, lost, added, repeated, and numbers that lie."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable

NUMBERS = (
    0,
    1,
    2,
    7,
    127,
    128,
    255,
    256,
    32767,
    65535,
    2**24,
    2**31 - 1,
    2**31,
    2**32 - 1,
    2**62,
    2**63,
    2**64 - 1,
)
"""Numbers at which sizes and counts go wrong."""
_MOST_BYTES = 64
"""Bytes at most that one turn removes, adds or repeats, most of the time."""


def damaged(content: bytes, dice: random.Random, head: int = 0) -> bytes:
    """Damage a few places; with ``head``, half of them within so many first bytes."""
    for _ in range(dice.choice((1, 1, 1, 2, 4, 8))):
        if not content:
            return content
        end = min(head, len(content)) if head and dice.random() < 0.5 else len(content)
        content = dice.choice(_WAYS)(content, dice.randrange(end), dice)
    return content


def _flip(content: bytes, place: int, dice: random.Random) -> bytes:
    return content[:place] + bytes([content[place] ^ (1 << dice.randrange(8))]) + content[place + 1 :]


def _replace(content: bytes, place: int, dice: random.Random) -> bytes:
    return (
        content[:place]
        + bytes([dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))])
        + content[place + 1 :]
    )


def _lie(content: bytes, place: int, dice: random.Random) -> bytes:
    size = dice.choice((2, 4, 8))
    number = dice.choice(NUMBERS) & (256**size - 1)
    return content[:place] + number.to_bytes(size, dice.choice(("little", "big"))) + content[place + size :]


def _not_finite(content: bytes, place: int, dice: random.Random) -> bytes:
    form = dice.choice("fd")
    number = struct.pack(f"<{form}", dice.choice((float("nan"), float("inf"), float("-inf"), 1e-40, 3e38)))
    return content[:place] + number + content[place + len(number) :]


def _cut(content: bytes, place: int, dice: random.Random) -> bytes:
    return content[:place]


def _remove(content: bytes, place: int, dice: random.Random) -> bytes:
    return content[:place] + content[place + dice.randrange(1, _MOST_BYTES) :]


def _insert(content: bytes, place: int, dice: random.Random) -> bytes:
    return content[:place] + dice.randbytes(dice.randrange(1, _MOST_BYTES)) + content[place:]


def _repeat(content: bytes, place: int, dice: random.Random) -> bytes:
    piece = content[place : place + dice.randrange(1, _MOST_BYTES)]
    return content[:place] + piece * dice.choice((2, 3, 200)) + content[place:]


def _splice(content: bytes, place: int, dice: random.Random) -> bytes:
    other = dice.randrange(len(content))
    return content[:place] + content[other:]


def _zeros(content: bytes, place: int, dice: random.Random) -> bytes:
    size = dice.randrange(1, _MOST_BYTES)
    return content[:place] + bytes(size) + content[place + size :]


_WAYS: tuple[Callable[[bytes, int, random.Random], bytes], ...] = (
    _flip, _flip, _replace, _lie, _lie, _not_finite, _cut, _remove, _insert, _repeat, _splice, _zeros,
)  # fmt: skip
