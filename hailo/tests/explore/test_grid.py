"""Grids: the default one, one's own, and what can't be one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.explore.grid import MOST_POINTS, Axes, default_grid, points_of, read_grid
from tasnet2hef.explore.point import Point


def written(tmp_path: Path, text: str | bytes) -> Path:
    path = tmp_path / "grid.toml"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_the_lists_at_the_top_are_one_grid_and_each_table_another(tmp_path: Path) -> None:
    path = written(tmp_path, 'seconds = [1, 2.5]\nresidual = ["separate", "joint"]\n[[grid]]\nchunk = [64]\n')
    points = points_of(read_grid(path))
    assert points == [
        Point(seconds=1.0),
        Point(seconds=1.0, residual="joint"),
        Point(seconds=2.5),
        Point(seconds=2.5, residual="joint"),
        Point(chunk=64),
    ]


def test_a_point_of_two_grids_is_one() -> None:
    assert points_of([Axes(seconds=(1.0, 2.0)), Axes(seconds=(2.0, 1.0))]) == [Point(seconds=1.0), Point()]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "found no axis, expected one of norms"),
        ("second = [1]", "found the axis 'second', which is unknown; did you mean seconds"),
        ("seconds = 1", "seconds: found 1, expected a list such as seconds = [2.0]"),
        ("seconds = []", "seconds"),
        ("seconds = [0.0]", "seconds.0: found 0.0, expected"),
        ("seconds = [0.01]", "seconds.0: found 0.01, expected greater than or equal to 0.02"),
        ("streams = [true]", "streams: found True, expected values as in streams = [1]"),
        ("seconds = [nan]", "seconds: found nan, expected values as in seconds = [2.0]"),
        ("seconds = [inf]", "seconds.0: found"),
        ("seconds = [[1]]", "seconds: found a list of 1"),
        ('seconds = ["two"]', "seconds.0: found 'two'"),
        ("chunk = [-1]", "chunk.0: found -1"),
        ("streams = [3]", "streams.0: found 3, expected 1, 2, 4 or 8"),
        ('layout = ["flat"]', "layout.0: found 'flat', expected 'tall' or 'wide'"),
        ('precision = ["int8"]', "precision.0: found 'int8'"),
        ("seconds = [1", "can't be read as TOML"),
        ("grid = 3", "grid: found 3, expected tables written [[grid]]"),
        ("grid = [3]", "grid: found 3, expected tables written [[grid]]"),
        ("seconds = [2020-01-01]", "seconds: found datetime.date(2020, 1, 1), expected values as in"),
        (b"\xff\xfe", "can't be read as TOML"),
    ],
)
def test_what_is_no_grid_is_refused_in_one_line(text: str | bytes, words: str, tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"grid\.toml") as caught:
        read_grid(written(tmp_path, text))
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_grid_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="found nothing, expected a grid"):
        read_grid(tmp_path / "none.toml")


def test_too_many_points_are_refused_before_they_are_made() -> None:
    many = Axes(seconds=tuple(float(number) for number in range(1, 200)), chunk=tuple(range(200)))
    with pytest.raises(OptionError, match=f"39,800 points, expected at most {MOST_POINTS:,}"):
        points_of([many])


@pytest.mark.parametrize("streams_over_time", [False, True])
@pytest.mark.parametrize("causal", [False, True])
def test_the_default_grid_has_every_kind_once_and_no_search(streams_over_time: bool, causal: bool) -> None:
    points = points_of(default_grid(streams_over_time=streams_over_time, has_skip=True, causal=causal))
    assert len(points) == len(set(points)) > 20
    assert {point.norms for point in points} == ({"exact"} if streams_over_time else {"exact", "frozen"})
    assert {point.precision for point in points} == {"a8_w8", "a16_w16"}
    assert any(point.chunk for point in points) == causal
    for name in ("layout", "streams", "segments", "ends", "shift", "residual", "seconds"):
        assert len({getattr(point, name) for point in points}) > 1, name
