"""Searches for the smallest part of a list that still fails: bisection of its length, then delta debugging."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

Item = TypeVar("Item")


def shortest_failing(length: int, fails: Callable[[int], bool]) -> int:
    """Return a length from 1 to ``length`` that fails, by bisection; ``length`` itself is known to fail.

    It is the smallest such length if every length above a failing one fails too.

    >>> shortest_failing(100, lambda length: length >= 37)
    37
    """
    passing, failing = 0, length
    while failing - passing > 1:
        middle = (passing + failing) // 2
        if fails(middle):
            failing = middle
        else:
            passing = middle
    return failing


def ddmin(
    items: Sequence[Item], fails: Callable[[Sequence[Item]], bool], *, piece: int | None = None
) -> list[Item]:
    """Return items that still fail and of which none can be left out (1-minimal); ``items`` is known to fail.

    After Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002): smaller and smaller
    pieces are left out, at last single items, until none can be left out. ``piece`` is the size to begin with, by
    default half the list. A list of one item is returned as it is.

    >>> ddmin(range(100), lambda kept: {7, 60} <= set(kept))
    [7, 60]
    """
    kept = list(items)
    piece = piece or max(1, len(kept) // 2)
    while True:
        smaller = _without_pieces(kept, piece, fails)
        if piece == 1 and len(smaller) == len(kept):
            return smaller
        kept, piece = smaller, max(1, min(piece, len(smaller)) // 2)


def _without_pieces(items: list[Item], piece: int, fails: Callable[[Sequence[Item]], bool]) -> list[Item]:
    """Leave out every piece that isn't needed, from the end."""
    kept, end = items, len(items)
    while end > 0:
        start = max(0, end - piece)
        rest = kept[:start] + kept[end:]
        if rest and fails(rest):
            kept = rest
        end = start
    return kept
