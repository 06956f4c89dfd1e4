"""The front, held against a plain search through all pairs; and what is recommended."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasnet2hef.explore.front import front_of, recommend
from tasnet2hef.explore.row import Row
from tests.explore.rows import row

figures = st.tuples(
    st.integers(0, 20),
    st.integers(1, 3),
    st.sampled_from([500.0, 1000.0, 2000.0]),
    st.sampled_from(["a8_w8", "a16_w16"]),
)


@given(st.lists(figures, max_size=12))
def test_every_candidate_is_on_the_front_or_beaten_by_one_that_is(
    values: list[tuple[int, int, float, str]],
) -> None:
    rows = [
        row(number, tenths / 10, contexts, latency_ms, precision=precision)
        for number, (tenths, contexts, latency_ms, precision) in enumerate(values, start=1)
    ]
    front = [each for each in rows if each.number in front_of(rows)]

    def worth(each: Row) -> tuple[float, ...]:
        assert each.lost_db is not None
        assert each.latency_ms is not None
        return each.lost_db, float(each.contexts or 0), each.latency_ms, float(each.point.precision == "a16_w16")

    for each in rows:
        as_good = [best for best in front if all(a <= b for a, b in zip(worth(best), worth(each), strict=True))]
        assert as_good
        if each in front:
            assert as_good == [each]


@pytest.mark.parametrize(
    "other",
    [
        row(2, None),
        row(2, 0.0, errors=("row-too-wide",)),
        row(2, 0.0, compiled={"outcome": "failed", "contexts": None}),
        Row(number=2, point=row(2, 0.0).point, outcome="refused", reason="no form on the chip"),
    ],
)
def test_what_can_not_go_on_the_chip_is_not_on_the_front(other: Row) -> None:
    rows = [row(1, 1.0), other]
    assert front_of(rows) == (1,)
    best = recommend(rows)
    assert best is not None
    assert best.row.number == 1


def test_of_equal_points_the_simplest_stands_for_all() -> None:
    assert front_of([row(1, 0.1, layers=60), row(2, 0.1, layers=50), row(3, 0.12, layers=50)]) == (2,)


def recommended(*rows: Row, **limits: float) -> int | None:
    best = recommend(rows, **limits)
    return None if best is None else best.row.number


def test_one_context_comes_before_decibels_and_decibels_before_latency() -> None:
    assert recommended(row(1, 0.1, contexts=3), row(2, 0.9)) == 2
    assert recommended(row(1, 0.9, latency_ms=100.0), row(2, 0.3, latency_ms=2000.0)) == 2
    assert recommended(row(1, 0.4, latency_ms=100.0), row(2, 0.0, latency_ms=2000.0)) == 1
    assert recommended(row(1, 0.0, precision="a16_w16"), row(2, 0.2)) == 2
    assert recommended(row(1, 0.30, layers=57), row(2, 0.31, layers=46)) == 2
    assert recommended(row(1, 2.0), row(2, 1.0, latency_ms=9000.0)) == 2


def test_a_broken_point_is_not_taken_for_its_few_contexts() -> None:
    assert recommended(row(1, 19.0), row(2, 0.02, contexts=3), row(3, 0.01, contexts=5)) == 2
    assert recommended(row(1, 19.0), row(2, 3.0, contexts=3)) == 1


def test_what_answers_too_late_is_not_recommended() -> None:
    rows = row(1, 0.1, latency_ms=2000.0), row(2, 1.0, latency_ms=500.0)
    assert recommended(*rows, most_latency_ms=800.0) == 2
    assert recommended(*rows, most_latency_ms=100.0) is None


def test_contexts_that_the_compiler_made_count_more_than_those_predicted() -> None:
    compiled = {"outcome": "done", "contexts": 4}
    assert recommended(row(1, 0.0, contexts=1, compiled=compiled), row(2, 0.0, contexts=2)) == 2


def test_the_reason_names_the_figures() -> None:
    best = recommend([row(1, 0.2)])
    assert best is not None
    assert best.reason == "the shortest latency (1000 ms) that loses less than 0.5 dB, in 1 context"
    best = recommend([row(1, 0.8, contexts=2)], 1500.0)
    assert best is not None
    assert best.reason == "the least loss within 1500 ms, 0.80 dB; none loses less than 0.5 dB, in 2 contexts"
