"""The path from a checkpoint to sources on the device, coloured by machine."""

from __future__ import annotations

from typing import Final

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts.pages.pen import BLUE, GREEN, INK, ORANGE, arrow, box, canvas, label

CAPTION = (
    "The path, coloured by machine: blue is any PC, orange a PC with the vendor's compiler, green the device. "
    "Orange and green were tested with stand-ins only: no HEF has been made yet."
)
_BOX_WIDTH: Final = 11.8
_BOX_HEIGHT: Final = 4.4
_LANE_HEIGHT: Final = 14.5
_LANES: Final = (
    (
        "your PC: Linux, Python 3.10 or newer",
        BLUE,
        (
            ("my_model.pth", "your Conv-TasNet"),
            ("freeze", "norms become\nconstants"),
            ("convert", "exact rewrite\nto ONNX"),
            ("check", "what the compiler\nwill refuse"),
            ("simulate", "what 8 bits\ncost, in dB"),
        ),
    ),
    (
        "a PC with Hailo's compiler: x86-64 Linux (tested with a stand-in)",
        ORANGE,
        (
            ("bundle/", "graph, calibration,\nscript, package"),
            ("compile.sh", "runs the compiler,\nexplains failures"),
            ("my_model.hef", "for one chip"),
        ),
    ),
    (
        "the device: Raspberry Pi 5 with Hailo-8, 8L or 10H (tested with a stand-in)",
        GREEN,
        (
            ("my_model.hef", "and its .hef.json"),
            ("selftest", "equal to the\noriginal?"),
            ("separate, live", "recording or\nmicrophone in,\nsources out"),
        ),
    ),
)


def draw() -> Figure:
    """Draw one lane per machine, and the way through them."""
    figure, axes = canvas(7.4, len(_LANES) * (_LANE_HEIGHT + 3) / 10)
    for number, (machine, colour, steps) in enumerate(_LANES):
        top = number * (_LANE_HEIGHT + 3) + 0.5
        box(axes, 0.5, top, 73, _LANE_HEIGHT, color=colour, alpha=0.08)
        label(axes, 5.0, top + 2.2, machine, fontsize=10, weight="bold")
        _draw_steps(axes, top + 4.4, colour, steps)
        if number:
            _draw_way_down(axes, top, len(_LANES[number - 1][2]))
    return figure


def _draw_steps(axes: Axes, top: float, colour: str, steps: tuple[tuple[str, str], ...]) -> None:
    for place, (name, meaning) in enumerate(steps):
        left = _left(place)
        box(axes, left, top, _BOX_WIDTH, _BOX_HEIGHT, name, color=colour)
        label(axes, left + _BOX_WIDTH / 2, top + _BOX_HEIGHT + 2.6, meaning, ha="center", fontsize=8)
        if place:
            arrow(axes, (left - 2.3, top + _BOX_HEIGHT / 2), (left - 0.1, top + _BOX_HEIGHT / 2))


def _left(place: int) -> float:
    return 1.6 + 14.3 * place


def _draw_way_down(axes: Axes, top: float, steps_above: int) -> None:
    """Draw the way from the end of the lane above to the first box of the one that begins at ``top``."""
    end, start = _left(steps_above - 1) + _BOX_WIDTH, 3.3
    height = top - 3 - _LANE_HEIGHT + 4.4 + _BOX_HEIGHT / 2
    turn = top - 1.5
    axes.plot([end, end + 1, end + 1, start, start], [height, height, turn, turn, top], color=INK, linewidth=1.0)
    arrow(axes, (start, top - 0.2), (start, top + 4.3))
