"""Points: their words, and which of them are the same graph."""

from __future__ import annotations

import pytest

from tasnet2hef.explore.point import Point, canonical


@pytest.mark.parametrize(
    ("point", "words"),
    [
        (Point(), "exact, 2 s"),
        (Point(norms="frozen", chunk=64, shift="layer"), "frozen, chunk of 64"),
        (Point(layout="wide", segments=3, precision="search"), "exact, 2 s, wide, 3 segments, some 16 bits"),
        (Point(residual="joint", shift="layer"), "exact, 2 s, joint, shift as layer"),
        (Point(streams=4, ends="host"), "exact, 2 s, 4 streams, ends on host"),
    ],
)
def test_a_point_in_words(point: Point, words: str) -> None:
    assert str(point) == words


def test_what_makes_no_other_graph_is_left_out() -> None:
    joint = Point(residual="joint", shift="layer")
    assert canonical(joint, is_folded=True, has_skip=True) == joint
    assert canonical(joint, is_folded=False, has_skip=True) == Point(residual="joint")
    assert canonical(joint, is_folded=True, has_skip=False) == Point(shift="layer")
    chunks = [
        Point(chunk=32, seconds=seconds, shift=shift) for seconds in (1.0, 2.0) for shift in ("fold", "layer")
    ]
    assert len({canonical(point, is_folded=True, has_skip=True) for point in chunks}) == 1
