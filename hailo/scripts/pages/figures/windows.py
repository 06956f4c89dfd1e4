"""A recording in windows: overlap, halo and columns."""

from __future__ import annotations

from matplotlib.figure import Figure

from scripts.pages.pen import BLUE, GREY, ORANGE, box, canvas, label

CAPTION = (
    "Three ways to run a long recording through a fixed window. Blue is kept, orange is cross-faded, grey is "
    "computed and left out."
)


def draw() -> Figure:
    """Draw the three ways over one time axis."""
    figure, axes = canvas(7.4, 3.9)
    label(axes, 1, 2.5, "overlap: any net; neighbours are cross-faded")
    for number in range(3):
        x = 1 + 18 * number
        box(axes, x, 5 + 2.2 * (number % 2), 24, 2.2, "", color=BLUE)
    for number in range(2):
        box(axes, 1 + 18 * (number + 1), 5, 6, 4.4, "", color=ORANGE, alpha=0.6)
    label(axes, 1, 14, "halo: norms that stream; with a full halo exactly the whole file")
    for number in range(3):
        x = 1 + 14 * number
        box(axes, x, 16.5 + 2.4 * number, 5, 2.2, "", color=GREY)
        box(axes, x + 5, 16.5 + 2.4 * number, 14, 2.2, "kept", color=BLUE)
        box(axes, x + 19, 16.5 + 2.4 * number, 5, 2.2, "", color=GREY)
    label(axes, 1, 27, "columns: windows side by side in one tensor; kernels are (k, 1), so columns never mix")
    for column in range(4):
        box(axes, 1 + 9 * column, 29.5, 8, 7, f"window {column + 1}", color=BLUE)
    label(axes, 40, 33, "one run of a graph made with --streams 4")
    return figure
