"""A causal net chunk by chunk, with its past in and out."""

from __future__ import annotations

from matplotlib.figure import Figure

from scripts.pages.pen import BLUE, GREEN, ORANGE, arrow, box, canvas, label

CAPTION = (
    "A stateful graph computes one chunk of new frames. The rows that each depthwise convolution still needs go "
    "in and come out as tensors; the first chunk starts from zeros."
)


def draw() -> Figure:
    """Draw three runs in a row."""
    figure, axes = canvas(7.4, 2.5)
    for number in range(3):
        x = 4 + 24 * number
        box(axes, x, 9, 15, 6, f"net, run {number + 1}", color=BLUE)
        box(axes, x + 2.5, 1.5, 10, 3.6, f"chunk {number + 1}", color=GREEN)
        arrow(axes, (x + 7.5, 5.3), (x + 7.5, 8.8))
        arrow(axes, (x + 7.5, 15.2), (x + 7.5, 18.6))
        box(axes, x + 2.5, 18.8, 10, 3.6, "sources", color=GREEN)
        if number < 2:
            arrow(axes, (x + 15.1, 12), (x + 17.2, 12))
            box(axes, x + 17.2, 10.2, 4.4, 3.6, "past", color=ORANGE)
            arrow(axes, (x + 21.7, 12), (x + 23.9, 12))
    label(axes, 0.2, 12, "zeros", fontsize=8)
    return figure
