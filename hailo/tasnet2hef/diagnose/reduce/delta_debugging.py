"""Searches for the smallest part of a list that still fails: bisection of its length, then delta debugging."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any, Final, Generic, Protocol, TypeVar

Item = TypeVar("Item")
Question = TypeVar("Question", covariant=True)


class SearchState(Protocol[Question]):
    """A search as it stands."""

    @property
    def chance(self) -> float:
        """How often a question is answered by yes, about: it decides what is tried ahead, never the result."""

    @property
    def question(self) -> Question | None:
        """What is asked next; None at the end."""

    def after(self, fails: bool) -> SearchState[Question]:
        """Return the search after the answer to its question."""


_LEAST_CHANCE: Final = 1e-3
Ahead = Callable[[SearchState[Any]], object]
"""Is told the state of a search before each question, so that what may come next can be tried beside it."""


def nobody(state: SearchState[Any]) -> None:
    """Try nothing ahead."""


@dataclass(frozen=True)
class Bisection:
    """A length known to pass, and a greater one known to fail."""

    passing: int
    failing: int
    chance: float = 0.5

    @property
    def question(self) -> int | None:
        """The length in the middle."""
        return (self.passing + self.failing) // 2 if self.failing - self.passing > 1 else None

    def after(self, fails: bool) -> Bisection:
        """Return the half that is left."""
        middle = (self.passing + self.failing) // 2
        return Bisection(self.passing, middle) if fails else Bisection(middle, self.failing)


@dataclass(frozen=True)
class DeltaDebugging(Generic[Item]):
    """The items kept so far, in a pass that leaves out pieces from the end; ``end`` is where the next one ends."""

    kept: tuple[Item, ...]
    piece: int
    end: int
    before: int
    """Number of items at the beginning of the pass."""
    chance: float = 0.3

    @property
    def question(self) -> tuple[Item, ...] | None:
        """The items without the next piece."""
        return self.kept[: max(0, self.end - self.piece)] + self.kept[self.end :] if self.end else None

    def after(self, fails: bool) -> DeltaDebugging[Item]:
        """Return the search at the piece before."""
        kept = (self.question or ()) if fails else self.kept
        return _settled(kept, self.piece, max(0, self.end - self.piece), self.before)


def _settled(kept: tuple[Item, ...], piece: int, end: int, before: int) -> DeltaDebugging[Item]:
    """Return the search at its next piece that is not the whole list, in this pass or one of smaller pieces."""
    while True:
        if end == len(kept) <= piece:
            end = 0
        if end or (piece == 1 and len(kept) == before):
            return DeltaDebugging(kept, piece, end, before)
        piece = max(1, min(piece, len(kept)) // 2)
        end = before = len(kept)


def shortest_failing(length: int, fails: Callable[[int], bool], ahead: Ahead = nobody) -> int:
    """Return a length from 1 to ``length`` that fails, by bisection; ``length`` itself is known to fail.

    It is the smallest such length if every length above a failing one fails too.

    >>> shortest_failing(100, lambda length: length >= 37)
    37
    """
    state = Bisection(0, length)
    while (question := state.question) is not None:
        ahead(state)
        state = state.after(fails(question))
    return state.failing


def ddmin(
    items: Sequence[Item],
    fails: Callable[[Sequence[Item]], bool],
    ahead: Ahead = nobody,
    *,
    piece: int | None = None,
) -> list[Item]:
    """Return items that still fail and of which none can be left out (1-minimal); ``items`` is known to fail.

    After Zeller and Hildebrandt, "Simplifying and Isolating Failure-Inducing Input" (2002): smaller and smaller
    pieces are left out, at last single items, until none can be left out. ``piece`` is the size to begin with, by
    default half the list. A list of one item is returned as it is.

    >>> ddmin(range(100), lambda kept: {7, 60} <= set(kept))
    [7, 60]
    """
    state = _settled(tuple(items), piece or max(1, len(items) // 2), len(items), len(items))
    while (question := state.question) is not None:
        ahead(state)
        state = state.after(fails(question))
    return list(state.kept)


def likely(state: SearchState[Question], known: Callable[[Any], bool | None]) -> Iterator[Question]:
    """Yield the questions that may follow that of ``state``, the likeliest first; not those whose answer is known.

    >>> list(likely(Bisection(0, 8), lambda length: None))
    [2, 6, 1, 3, 5, 7]
    """
    places = count()  # of equal chances, the first found comes first
    found = [(-share, next(places), after) for share, after in _branches(state, None)]
    heapq.heapify(found)
    while found:
        chance, _, each = heapq.heappop(found)
        if chance > -_LEAST_CHANCE or (question := each.question) is None:
            continue
        if (answer := known(question)) is None:
            yield question
        for share, after in _branches(each, answer):
            heapq.heappush(found, (chance * share, next(places), after))


def _branches(state: SearchState[Question], answer: bool | None) -> list[tuple[float, SearchState[Question]]]:
    """Return what a search may become, with the chance of each."""
    if answer is not None:
        return [(1.0, state.after(answer))]
    return [(state.chance, state.after(True)), (1 - state.chance, state.after(False))]
