"""Bisection finds the shortest failing length; delta debugging ends where no single item can be left out."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasnet2hef.diagnose.reduce.delta_debugging import ddmin, shortest_failing


@given(st.integers(1, 500), st.data())
def test_bisection_finds_the_shortest_failing_length(length: int, draw: st.DataObject) -> None:
    shortest = draw.draw(st.integers(1, length))
    tried: list[int] = []

    def fails(count: int) -> bool:
        tried.append(count)
        return count >= shortest

    assert shortest_failing(length, fails) == shortest
    assert len(tried) == len(set(tried)) <= length.bit_length()


@pytest.mark.slow
@given(st.integers(1, 40), st.data())
def test_what_is_left_fails_and_needs_every_item(length: int, draw: st.DataObject) -> None:
    groups = draw.draw(st.lists(st.sets(st.integers(0, length - 1), min_size=1), min_size=1, max_size=4))
    parity = draw.draw(st.booleans())

    def fails(kept: Sequence[int]) -> bool:
        """Fail where a whole group is left; with ``parity``, of odd lists only: not monotonic."""
        enough = any(group <= set(kept) for group in groups)
        return enough and (not parity or len(kept) % 2 == 1 or len(kept) == length)

    left = ddmin(range(length), fails)
    assert left == sorted(left)
    assert fails(left) or len(left) == length
    assert not any(fails([other for other in left if other != item]) for item in left if len(left) > 1)
