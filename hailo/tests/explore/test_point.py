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


@pytest.mark.parametrize(
    ("point", "words"),
    [
        (Point(segments=2), ""),
        (Point(ends="host"), ""),
        (Point(streams=4, precision="a16_w16"), ""),
        (Point(ends="host", segments=2), "found 2 segments beside it"),
        (Point(ends="host", precision="a16_w16"), "found a16_w16 with ends on the host, expected a8_w8"),
        (Point(segments=2, precision="search"), "found search with 2 segments, expected a8_w8"),
    ],
)
def test_what_convert_does_not_make_has_an_obstacle(point: Point, words: str) -> None:
    assert bool(point.obstacle) == bool(words)
    assert words in point.obstacle
