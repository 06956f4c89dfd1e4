"""Rows of the wide and of the tall layout, against rows that compiled and that failed."""

from __future__ import annotations

from matplotlib.figure import Figure

from scripts.pages.pen import BLUE, GREEN, GREY, INK, ORANGE
from tasnet2hef.target.known.limits import ROW_FAIL_BYTES, ROW_PASS_BYTES

CAPTION = (
    "Bytes of one row (width x features) for 512 features and 1,999 frames, against the rows that are recorded to "
    "compile and to fail."
)
_FEATURES, _FRAMES = 512, 1999
_SHORT_BYTES = 10_000


def draw() -> Figure:
    """Draw three bars and two limits, on a logarithmic axis."""
    figure = Figure(figsize=(7.0, 2.4), layout="constrained")
    axes = figure.add_subplot()
    names = ("wide: time on W", "wide, a window of 256 frames", "tall: time on H")
    values = (_FRAMES * _FEATURES, 256 * _FEATURES, _FEATURES)
    axes.barh(names, values, color=(ORANGE, BLUE, GREEN), alpha=0.75, height=0.55)
    for row, value in enumerate(values):
        inside = _SHORT_BYTES < value < ROW_PASS_BYTES.value
        side = "right" if inside else "left"
        axes.text(value, row, f" {value:,} ", va="center", ha=side, fontsize=9)
    for limit, result in ((ROW_PASS_BYTES, "compiled"), (ROW_FAIL_BYTES, "failed")):
        axes.axvline(limit.value, color=INK if result == "failed" else GREY, linestyle="--", linewidth=1)
        side = "left" if result == "failed" else "right"
        axes.text(limit.value, -0.75, f" {int(limit):,} {result} ", ha=side, fontsize=8)
    axes.set_xscale("log")
    axes.set_xlim(100, 2e7)
    axes.invert_yaxis()
    axes.set_ylim(2.6, -1.1)
    axes.set_xlabel("bytes in a row")
    return figure
