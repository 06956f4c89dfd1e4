"""Text for messages and tables."""

from __future__ import annotations

from collections.abc import Sequence


def counted(number: int, noun: str) -> str:
    """Return a number with its noun.

    >>> counted(1, "warning"), counted(2, "layer")
    ('1 warning', '2 layers')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def first_few(names: Sequence[str], count: int, separator: str = ", ") -> str:
    """Return the first ``count`` names, and how many more there are.

    >>> first_few(["conv1", "conv2", "conv3"], 2)
    'conv1, conv2 and 1 more'
    """
    more = len(names) - count
    gap = separator.lstrip(",")
    return separator.join(names[:count]) + (f"{gap}and {more} more" if more > 0 else "")
