"""Damage to JSON: values of other types, out of range, too deep, too long; keys lost, added and renamed."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable, Sequence
from typing import Any

_DEEP, _DIGITS, _TWICE, _FLOAT = "@deep@", "@digits@", "@twice@", "@float@"
_WRITTEN = {
    f'"{_DEEP}"': "[" * 30_000 + "]" * 30_000,
    f'"{_DIGITS}"': "9" * 6_000,
    f'"{_TWICE}"': '{"a": 1, "a": 2}',
    f'"{_FLOAT}"': "1e999",
}
"""What ``json`` does not write itself."""

ODD_TEXTS = (
    "", " ", "x" * 100_000, "../../etc/passwd", "/dev/zero", "\x1b[31mred\x1b]0;title\x07", "\x00",
    "\n\nerror: a\nb", "\u202egnp.exe", "\x9b31m", "[red]markup[/red]", "[/]", "nan", "\udcff", "é" * 300,
    "<script>", "%s%n{}{0}", "-1", "1e400",
)  # fmt: skip
ODD_NUMBERS = (0, -1, 1, 2, 3, 7, 255, 2**31, 2**32 + 1, 2**53, 2**63, 10**30, -(2**63), 0.5, -0.0, 1e-300, 1e308)
_ODD_VALUES: tuple[Any, ...] = (
    None, True, False, [], {}, [None], {"": None}, [1, [2, [3]]], float("nan"), float("inf"), float("-inf"),
    _DEEP, _DIGITS, _TWICE, _FLOAT,
)  # fmt: skip


def damaged(value: Any, dice: random.Random) -> str:
    """Return the text of a value that was damaged in a few places; a value without places is replaced."""
    value = copy.deepcopy(value)
    for _ in range(dice.choice((1, 1, 1, 2, 3))):
        places = list(_places(value))
        if places:
            _damage(*dice.choice(places), dice)
        else:
            value = odd(value, dice)
    return written(value)


def written(value: Any) -> str:
    """Return JSON, with what ``json`` itself does not write."""
    text = json.dumps(value)
    for name, form in _WRITTEN.items():
        text = text.replace(name, form)
    return text


def odd(value: Any, dice: random.Random) -> Any:
    """Return something else in place of a value: often of the same type, and out of range."""
    if isinstance(value, int | float) and dice.random() < 0.6:
        return dice.choice(
            (*ODD_NUMBERS, value + 1, value - 1, -value, value * 1000, str(value), [value], value + 0.5)
        )
    if isinstance(value, str) and dice.random() < 0.6:
        return dice.choice((*ODD_TEXTS, value.upper(), value[:-1], value + "x", [value], {value: value}))
    return dice.choice((*_ODD_VALUES, *ODD_NUMBERS, *ODD_TEXTS))


def _places(value: Any) -> Sequence[tuple[Any, Any]]:
    """Return every container with each of its keys."""
    found: list[tuple[Any, Any]] = []
    todo = [value]
    while todo:
        each = todo.pop()
        keys = list(each) if isinstance(each, dict) else list(range(len(each))) if isinstance(each, list) else []
        found += [(each, key) for key in keys]
        todo += [each[key] for key in keys]
    return found


def _damage(container: Any, key: Any, dice: random.Random) -> None:
    dice.choice(_WAYS)(container, key, dice)


def _exchange(container: Any, key: Any, dice: random.Random) -> None:
    container[key] = odd(container[key], dice)


def _lose(container: Any, key: Any, dice: random.Random) -> None:
    del container[key]


def _add(container: Any, key: Any, dice: random.Random) -> None:
    if isinstance(container, dict):
        container[dice.choice((f"{key}x", "extra", "", "\x1b[2J"))] = copy.deepcopy(container[key])
    else:
        container.extend(copy.deepcopy(container[key]) for _ in range(dice.choice((1, 3, 500))))


def _rename(container: Any, key: Any, dice: random.Random) -> None:
    if isinstance(container, dict):
        container[dice.choice((key.upper(), key + "\x00", "x" * 5_000, *container))] = container.pop(key)
    else:
        container.insert(dice.randrange(len(container)), container.pop(key))


_WAYS: tuple[Callable[[Any, Any, random.Random], None], ...] = (
    _exchange,
    _exchange,
    _exchange,
    _lose,
    _add,
    _rename,
)
