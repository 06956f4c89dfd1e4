"""Damage to texts that have words: words lost, repeated, exchanged, odd; bytes that are no text."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence

from scripts.fuzz.damage import octets
from scripts.fuzz.damage.values import ODD_TEXTS

_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_ODD_WORDS = (
    "nan", "inf", "1e999", "-1", "0", "1.5", "9" * 5_000, "{", "}", "(", ")", "[", "]", ",", "=", "'", '"', "#",
    ";", "*", "\n", "\r", "\t", "\r\n" * 50, "((" * 5_000, "[" * 20_000, "{*}", "\\", "\ufeff", "\u2028",
    "a" * 50_000, " " * 50_000,
)  # fmt: skip
Words = list[str]


def damaged(text: str, dice: random.Random) -> bytes:
    """Damage a few words, and now and then the bytes."""
    words = _WORD.findall(text) or [""]
    for _ in range(dice.choice((1, 1, 2, 3, 6))):
        dice.choice(_WAYS)(words, dice.randrange(len(words)), dice)
        words = words or [""]
    content = "".join(words).encode("utf-8", "surrogateescape")
    if dice.random() < 0.02:
        return "".join(words).encode("utf-16", "replace")
    return octets.damaged(content, dice) if dice.random() < 0.08 else content


def _odd(words: Words, place: int, dice: random.Random) -> None:
    words[place] = _odd_word(dice)


def _insert(words: Words, place: int, dice: random.Random) -> None:
    words.insert(place, _odd_word(dice))


def _lose(words: Words, place: int, dice: random.Random) -> None:
    del words[place : place + dice.choice((1, 1, 3, 10))]


def _repeat(words: Words, place: int, dice: random.Random) -> None:
    words[place:place] = words[place : place + dice.choice((1, 5, 30))] * dice.choice((1, 2, 100))


def _exchange(words: Words, place: int, dice: random.Random) -> None:
    other = dice.randrange(len(words))
    words[place], words[other] = words[other], words[place]


def _odd_word(dice: random.Random) -> str:
    odd: Sequence[str] = dice.choice((_ODD_WORDS, ODD_TEXTS))
    return dice.choice(odd)


_WAYS: tuple[Callable[[Words, int, random.Random], None], ...] = (_odd, _odd, _insert, _lose, _repeat, _exchange)
