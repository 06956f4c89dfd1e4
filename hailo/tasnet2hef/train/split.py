"""Splits recordings into training, validation and test by a hash of their names."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

TEST_SHARE: Final = 0.15
VALIDATION_SHARE: Final = 0.1

Item = TypeVar("Item")
Part = TypeVar("Part")


@dataclass(frozen=True)
class Split(Generic[Part]):
    """Three parts of a set without a common item: for training, for choosing the best net, for measuring it."""

    training: Part
    validation: Part
    test: Part


def split_by_name(items: Sequence[Item], names: Sequence[str]) -> Split[list[Item]]:
    """Split items by the hashes of their names: 15 % for the test, 10 % for validation, at least one each.

    With fewer than three items some parts are empty.

    >>> split = split_by_name("abcdefghij", "abcdefghij")
    >>> len(split.training), len(split.validation), len(split.test)
    (7, 1, 2)
    """
    order = sorted(range(len(items)), key=lambda place: hashlib.sha256(names[place].encode()).digest())
    shuffled = [items[place] for place in order]
    test_end = math.ceil(TEST_SHARE * len(items))
    validation_end = test_end + math.ceil(VALIDATION_SHARE * len(items))
    return Split(shuffled[validation_end:], shuffled[test_end:validation_end], shuffled[:test_end])
