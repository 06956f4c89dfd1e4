"""One block of the network, as ONNX nodes, as parsed layers and as compiled layers."""

from __future__ import annotations

from matplotlib.figure import Figure

from scripts.pages.pen import BLUE, GREEN, ORANGE, box, canvas, label

CAPTION = (
    "One block with batch norm. Activations and norms become part of a convolution at parsing; adds become part "
    "of one when it is compiled. Each compiled layer takes one layer controller (LCU)."
)
_NODES = ("1x1", "PReLU", "norm", "depthw.", "PReLU", "norm", "residual", "add", "skip", "add")
_PARSED = ((0, 3, "conv"), (3, 3, "dw conv"), (6, 1, "conv"), (7, 1, "add"), (8, 1, "conv"), (9, 1, "add"))
_COMPILED = ((0, 3, "conv"), (3, 3, "dw conv"), (6, 2, "conv + add"), (8, 2, "conv + add"))
_STEP = 6.2


def draw() -> Figure:
    """Draw the three rows above each other."""
    figure, axes = canvas(7.6, 2.2)
    rows = (
        ("nodes: 10", [(start, 1, name) for start, name in enumerate(_NODES)], ORANGE),
        ("parsed: 6", _PARSED, BLUE),
        ("compiled: 4", _COMPILED, GREEN),
    )
    for row, (title, cells, colour) in enumerate(rows):
        y = 2 + 6.6 * row
        label(axes, 0.5, y + 2.2, title)
        for start, count, name in cells:
            box(axes, 12 + _STEP * start, y, _STEP * count - 0.5, 4.4, name, color=colour)
    return figure
