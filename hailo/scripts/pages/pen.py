"""Draws pictures in the colour of the page's text, so that they are legible on light and dark."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any, Final

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

INK: Final = "#010203"
"""Becomes the colour of the text around the picture."""
BLUE: Final = "#3f8fd6"
ORANGE: Final = "#d9822b"
GREEN: Final = "#3a9d66"
GREY: Final = "#8a8f98"

_STYLE: Final = {
    "svg.fonttype": "none",
    "font.family": "DejaVu Sans",
    "font.size": 10,
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def svg(name: str, draw: Callable[[], Figure]) -> str:
    """Return a picture as an inline SVG element; ``name`` keeps its clip paths apart from those of others."""
    with mpl.rc_context({**_STYLE, "svg.hashsalt": name}):
        figure = draw()
        buffer = io.StringIO()
        # No date and no version: the same code gives the same picture.
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    return text[text.index("<svg") :].replace(INK, "currentColor")


def canvas(width: float, height: float) -> tuple[Figure, Axes]:
    """Return an empty sheet; one unit is a tenth of ``width`` inches across, y runs downwards from 0."""
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, width * 10)
    axes.set_ylim(height * 10, 0)
    axes.axis("off")
    return figure, axes


def box(axes: Axes, x: float, y: float, width: float, height: float, text: str = "", **style: Any) -> None:
    """Draw a box with a text in its middle."""
    colour = style.pop("color", BLUE)
    axes.add_patch(Rectangle((x, y), width, height, facecolor=colour, edgecolor=INK, **{"alpha": 0.3, **style}))
    axes.add_patch(Rectangle((x, y), width, height, facecolor="none", edgecolor=INK, linewidth=0.8))
    axes.text(x + width / 2, y + height / 2, text, ha="center", va="center", fontsize=9)


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """Draw an arrow."""
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": INK, "lw": 1.0})


def label(axes: Axes, x: float, y: float, text: str, **style: Any) -> None:
    """Write a text; its left end is at ``x``."""
    axes.text(x, y, text, **{"va": "center", "fontsize": 9, **style})
