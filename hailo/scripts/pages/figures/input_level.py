"""Where the level of a recording is set and restored."""

from __future__ import annotations

from matplotlib.figure import Figure

from scripts.pages.pen import BLUE, GREEN, ORANGE, arrow, box, canvas, label

CAPTION = (
    "A net with frozen norms fits one input level. The host measures the recording, scales it to that level "
    "before the net, and divides the sources by the same gain."
)


def draw() -> Figure:
    """Draw the chain of five boxes and the gain that goes around the net."""
    figure, axes = canvas(7.4, 1.9)
    cells = (
        ("recording", BLUE),
        ("x gain", ORANGE),
        ("net,\none level", GREEN),
        ("/ gain", ORANGE),
        ("sources", BLUE),
    )
    for number, (name, colour) in enumerate(cells):
        x = 1 + 15 * number
        box(axes, x, 9, 11, 6, name, color=colour)
        if number:
            arrow(axes, (x - 4, 12), (x - 0.2, 12))
    axes.plot([21.5, 21.5, 51.5, 51.5], [9, 4, 4, 9], color="#010203", linewidth=1, linestyle=":")
    label(axes, 29, 2.2, "the same gain, on the host")
    return figure
