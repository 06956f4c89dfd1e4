"""Which recordings train, pick the best student, and measure it: decided by a hash of their names."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

TEST_SHARE: Final = 0.15
VALIDATION_SHARE: Final = 0.1

Item = TypeVar("Item")
Side = TypeVar("Side")


@dataclass(frozen=True)
class Sides(Generic[Side]):
    """Three parts of a set, none of which shares an item with another."""

    train: Side
    validation: Side
    test: Side


def split_sides(items: Sequence[Item], names: Sequence[str]) -> Sides[list[Item]]:
    """Split items by the hashes of their names: a seventh to measure, a tenth to choose, at least one each.

    With fewer than three items some sides are empty.

    >>> sides = split_sides("abcdefghij", "abcdefghij")
    >>> len(sides.train), len(sides.validation), len(sides.test)
    (7, 1, 2)
    """
    order = sorted(range(len(items)), key=lambda place: hashlib.sha256(names[place].encode()).digest())
    shuffled = [items[place] for place in order]
    tested = math.ceil(TEST_SHARE * len(items))
    chosen = tested + math.ceil(VALIDATION_SHARE * len(items))
    return Sides(shuffled[chosen:], shuffled[tested:chosen], shuffled[:tested])
