"""The page of a study: escaped, with its picture, with and without what was compiled."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tasnet2hef.report.charts import can_draw, draw_study
from tasnet2hef.report.study_page import render_study

POINT: dict[str, Any] = {
    "number": 1,
    "what": "frozen, 2 s",
    "outcome": "measured",
    "reason": "",
    "float_lost_db": 0.2,
    "lost_db": 0.31,
    "verdict": "good",
    "contexts": 1,
    "latency_ms": 2000.0,
    "layers": 57,
    "sixteen_bit": None,
    "widest_row": 128,
    "held_bytes": 0,
    "mmacs_per_second": 166.9,
    "errors": [],
    "warnings": ["held-map"],
    "compiled": None,
}


def report(*points: dict[str, Any], recommended: int | None = 1) -> dict[str, Any]:
    best = None if recommended is None else {"number": recommended, "reason": "the shortest latency"}
    factors = {str(point["number"]): 0.0123 for point in points}
    return {
        "hardware": "hailo8",
        "points": list(points),
        "front": [1],
        "recommended": best,
        "headline": "take 1: frozen, 2 s (0.31 dB lost: good)" if best else "no point can be recommended",
        "verdict": "good" if best else "broken",
        "realtime_factors": factors,
        "notes": ["left out: 6"],
    }


def test_what_to_take_comes_first_and_every_figure_below() -> None:
    text = render_study(report(POINT), "tasnet2hef convert study/frozen.pth")
    assert (
        text.index("Take 1: frozen, 2 s")
        < text.index("tasnet2hef convert study/frozen.pth")
        < text.index("<table")
    )
    for figure in ("0.31", "0.20", "57", "128", "167", "0.012", "held-map", "left out: 6"):
        assert figure in text
    assert "compiled</th>" not in text
    assert "Points without figures" not in text


def test_what_could_not_be_built_or_compiled_is_told() -> None:
    failed = {**POINT, "number": 2, "compiled": {"outcome": "failed", "contexts": None, "failure": "row too wide"}}
    refused = {**POINT, "number": 3, "outcome": "refused", "reason": "no form <on> the chip", "lost_db": None}
    text = render_study(report(POINT, failed, refused))
    assert "row too wide" in text
    assert "no form &lt;on&gt; the chip" in text
    assert "No point can be recommended" in render_study(report(refused, recommended=None))


@pytest.mark.skipif(not can_draw(), reason="matplotlib is not installed")
def test_the_picture_has_a_mark_for_each_point_and_numbers_the_front() -> None:
    others = [{**POINT, "number": 2, "contexts": 3, "latency_ms": 500.0}, {**POINT, "number": 3, "errors": ["x"]}]
    picture = draw_study([POINT, *others], [1, 2], 1)
    assert picture.startswith("<svg")
    labels = re.findall(r"<text[^>]*>([^<]+)</text>", picture)
    for label in ("one context", "several contexts", "refused by the compiler", "500", "2000"):
        assert label in labels
    assert labels.count("1") == labels.count("2") == 1
    assert "3" not in labels
