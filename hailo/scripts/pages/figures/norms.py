"""A norm over the clip, which waits for the whole clip, and one with constants, which does not."""

from __future__ import annotations

from matplotlib.figure import Figure

from scripts.pages.pen import BLUE, GREEN, GREY, ORANGE, arrow, box, canvas, label

CAPTION = (
    "gLN needs the mean and variance of the whole clip before its first output, so the chip holds a whole map at "
    "each norm. Frozen, it is a constant scale and shift, which folds into its neighbours."
)


def draw() -> Figure:
    """Draw both norms over the same five frames."""
    figure, axes = canvas(7.4, 2.7)
    for left, title in ((1, "gLN: statistics of the clip"), (42, "frozen: constants")):
        label(axes, left, 2, title)
        for frame in range(5):
            box(axes, left, 4.5 + 4 * frame, 9, 3.6, f"frame {frame}", color=BLUE)
    box(axes, 15, 8.5, 9, 11.6, "mean,\nvariance\nof all", color=ORANGE)
    for frame in range(5):
        arrow(axes, (10.2, 6.3 + 4 * frame), (14.8, 9.5 + 2.3 * frame))
    arrow(axes, (24.2, 14.3), (27.6, 14.3))
    box(axes, 27.8, 12.5, 9, 3.6, "frame 0", color=GREEN)
    for frame in range(5):
        arrow(axes, (51.2, 6.3 + 4 * frame), (52.9, 6.3 + 4 * frame))
        box(axes, 53, 4.5 + 4 * frame, 7, 3.6, "a x + b", color=GREY)
        arrow(axes, (60.2, 6.3 + 4 * frame), (61.9, 6.3 + 4 * frame))
        box(axes, 62, 4.5 + 4 * frame, 9, 3.6, f"frame {frame}", color=GREEN)
    return figure
