"""Axes that a reshape splits and merges within an attention: heads and packed tensors stay among the features.

In a layout, `s` is the axis of tensors that are packed side by side (queries, keys, values), `h` that of heads: in
the compiler's shape both are part of the features, `s` outermost.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

INNER = "sh"
"""Letters of axes that are part of the features."""
_FEATURES = re.compile(r"[sh]+C")
_SPLIT = {2: "hC", 3: "shC"}

Axis = tuple[str, int]


def regrouped(before: Sequence[Axis], after: Sequence[int]) -> str | None:
    """Return the letters of the axes after a reshape; axes of size 1 are left out of both.

    Features may be split into heads and merged again, rows and columns become one axis; all else is None.

    >>> regrouped([("W", 197), ("C", 576)], [197, 3, 3, 64])
    'WshC'
    >>> regrouped([("W", 197), ("h", 3), ("C", 64)], [197, 192])
    'WC'
    >>> regrouped([("C", 192), ("H", 14), ("W", 14)], [192, 196]), regrouped([("C", 8), ("W", 6)], [16, 3])
    ('CW', None)
    """
    letters, axes, sizes = "", list(before), list(after)
    while axes and sizes:
        group, parts = [axes.pop(0)], [sizes.pop(0)]
        while math.prod([size for _, size in group]) != math.prod(parts):
            short = math.prod([size for _, size in group]) < math.prod(parts)
            if not (axes if short else sizes):
                return None
            if short:
                group.append(axes.pop(0))
            else:
                parts.append(sizes.pop(0))
        names = _names("".join(letter for letter, _ in group), len(parts))
        if not names:
            return None
        letters += names
    return None if axes or sizes else letters


def _names(group: str, parts: int) -> str:
    """Return the letters of a group of axes that becomes some parts; empty where there is no form for it."""
    if len(group) == parts == 1:
        return group
    if group == "C":
        return _SPLIT.get(parts, "")
    if parts == 1:
        return "C" if _FEATURES.fullmatch(group) else "W" if group == "HW" else ""
    return ""
