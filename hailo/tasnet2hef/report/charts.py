"""Draws charts as SVG with the page's colour variables, so that one drawing fits light and dark.

Matplotlib draws them; it is an optional extra (``tasnet2hef[plots]``), and the page notes its absence.
"""

from __future__ import annotations

import functools
import io
import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, Final, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

from tasnet2hef.base.text import one_line

_INK, _SOFT, _SERIES, _ERROR = "#010101", "#020202", "#030303", "#040404"
_PAGE_COLOURS: Final = {_INK: "ink", _SOFT: "line", _SERIES: "series", _ERROR: "error"}
"""Placeholder colours, and the page's colour variable that replaces each."""
_SETTINGS: Final[Mapping[str, Any]] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "tasnet2hef",
    "text.parse_math": False,
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": _INK,
    "axes.labelcolor": _INK,
    "axes.edgecolor": _SOFT,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "grid.color": _SOFT,
    "grid.alpha": 0.35,
}
_KINDS: Final = (
    ("one context", "o", _SERIES),
    ("several contexts", "s", _INK),
    ("refused by the compiler", "x", _ERROR),
)
"""Label, marker and colour of a study's points."""
WORST: Final = 25
_NAME_LETTERS: Final = 40
_SPECTRUM_POINTS: Final = 256
_RANGE_DB: Final = 70.0
_MOST_COLUMNS: Final = 320
"""About as many pixels as the picture is wide."""


_Draw = TypeVar("_Draw", bound=Callable[..., str])


def _styled(draw: _Draw) -> _Draw:
    """Draw a chart in the page's style, which matplotlib partly stores in each text when it is created."""

    @functools.wraps(draw)
    def drawn(*arguments: Any) -> str:
        with import_module("matplotlib").rc_context(_SETTINGS):
            return draw(*arguments)

    return cast(_Draw, drawn)


def can_draw() -> bool:
    """Return whether matplotlib is installed."""
    return find_spec("matplotlib") is not None


@_styled
def draw_costs(layers: Sequence[Mapping[str, Any]], marked: Sequence[bool]) -> str:
    """Draw MACs, kilobytes per row and in memory, one bar per layer in the compiler's order."""
    every: list[tuple[str, list[float]]] = [
        ("million MACs", [layer["macs"] / 1e6 for layer in layers]),
        ("row [kB]", [layer["row_bytes"] / 1e3 for layer in layers]),
        ("rows kept [kB]", [layer["window_bytes"] / 1e3 for layer in layers]),
        ("map held [kB]", [layer["held_bytes"] / 1e3 for layer in layers]),
    ]
    rows = [row for row in every if any(row[1])] or every[:1]  # without charts of zeros only
    figure, axes = _figure(7.2, 1.6 * len(rows), len(rows))
    marks = np.array(marked, bool)
    for place, (label, values) in zip(axes, rows, strict=True):
        _draw_bars(place, np.array(values, float), marks)
        place.set_ylabel(label)
        place.grid(axis="y")
    axes[-1].set_xlabel("layer, in the compiler's order")
    return _svg(figure)


@_styled
def draw_losses(layers: Sequence[Mapping[str, Any]], unit: str) -> str:
    """Draw a bar for each of the worst layers, the largest loss on top."""
    worst = list(layers[:WORST])[::-1]
    figure, (axes,) = _figure(7.2, 1.0 + 0.24 * len(worst), 1)
    names = [one_line(f"{_end(layer)}  ({layer['name']})") for layer in worst]
    axes.barh(range(len(worst)), [layer["loss_alone_db"] or 0.0 for layer in worst], color=_SERIES)
    axes.set_yticks(range(len(worst)), names)
    axes.margins(y=0.01)
    figure.supxlabel(f"lost with this layer alone at 8 bits [dB {unit}]", fontsize="medium")
    axes.grid(axis="x")
    return _svg(figure)


@_styled
def draw_frontier(points: Sequence[Mapping[str, Any]], figure_name: str, unit: str) -> str:
    """Draw the score of each set of 16-bit layers over its cost."""
    figure, (axes,) = _figure(7.2, 3.2, 1)
    axes.plot(
        [100 * point["extra_share"] for point in points],
        [point[figure_name] for point in points],
        "o-",
        color=_SERIES,
    )
    axes.set_xlabel("bits spent above 8 bits throughout [%]")
    axes.set_ylabel(f"{unit} [dB]")
    axes.grid()
    return _svg(figure)


@_styled
def draw_study(points: Sequence[Mapping[str, Any]], front: Sequence[int], recommended: int | None) -> str:
    """Draw the dB that each point of a study loses over its latency; the front is numbered and joined."""
    figure, (axes,) = _figure(7.2, 3.8, 1)
    for label, marker, colour in _KINDS:
        some = [point for point in points if _kind(point) == label]
        places = [point["latency_ms"] for point in some], [point["lost_db"] for point in some]
        if some:
            axes.plot(*places, marker, color=colour, label=label, alpha=0.7)
    best = sorted(
        (point for point in points if point["number"] in front),
        key=lambda point: (point["latency_ms"], point["lost_db"]),
    )
    for point in best:
        size = "large" if point["number"] == recommended else "small"
        weight = "bold" if point["number"] == recommended else "normal"
        where = point["latency_ms"], point["lost_db"]
        axes.annotate(str(point["number"]), where, (5, 5), textcoords="offset points", size=size, weight=weight)
    if len({point["latency_ms"] for point in points}) > 1:
        axes.set_xscale("log")
    ticks = _apart(sorted({point["latency_ms"] for point in points}))
    axes.set_xticks(ticks, [f"{tick:.0f}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel("latency of the algorithm [ms]")
    axes.set_ylabel("lost against the original [dB]")
    axes.legend(frameon=False, fontsize="small")
    axes.grid()
    return _svg(figure)


@_styled
def draw_spectrogram(samples: NDArray[np.float32], sample_rate_hz: int, loudest: float) -> str:
    """Draw ``[sample]`` as time against frequency, 70 dB down from the power ``loudest``."""
    power, frequencies, times = spectrum(samples, sample_rate_hz)
    power = _narrowed(power)
    level = 10 * np.log10(np.maximum(power, 1e-30) / max(loudest, 1e-30))
    figure, (axes,) = _figure(4.6, 1.9, 1)
    half = _SPECTRUM_POINTS / 4 / sample_rate_hz
    extent = (0, times[-1] + half, 0, frequencies[-1] / 1e3)
    axes.imshow(
        level,
        origin="lower",
        aspect="auto",
        extent=extent,
        vmin=-_RANGE_DB,
        vmax=0,
        cmap="magma",
        interpolation="none",
    )
    axes.set_xlabel("time [s]")
    axes.set_ylabel("frequency [kHz]")
    return _svg(figure)


def spectrum(samples: NDArray[np.float32], sample_rate_hz: int) -> tuple[Any, Any, Any]:
    """Return power ``[frequency, time]``, frequencies in Hz, times in s; Hann windows of 256, half overlapping."""
    padded = np.pad(samples, (0, max(0, 2 * _SPECTRUM_POINTS - len(samples))))
    result: tuple[Any, Any, Any] = import_module("matplotlib.mlab").specgram(
        padded, NFFT=_SPECTRUM_POINTS, Fs=sample_rate_hz, noverlap=_SPECTRUM_POINTS // 2
    )
    return result


def _kind(point: Mapping[str, Any]) -> str:
    """Return how a point of a study is drawn, one of ``_KINDS``."""
    if point["errors"]:
        return "refused by the compiler"
    return "one context" if point["contexts"] == 1 else "several contexts"


def _apart(values: Sequence[float]) -> list[float]:
    """Return ascending values without those within a tenth of the one before, whose labels would overlap.

    >>> _apart([500.0, 1000.0, 1002.0, 4000.0])
    [500.0, 1000.0, 4000.0]
    """
    chosen: list[float] = []
    for value in values:
        if not chosen or value > 1.1 * chosen[-1]:
            chosen.append(value)
    return chosen


def _narrowed(power: Any) -> Any:
    """Return power ``[frequency, time]`` with times averaged until it is no wider than the picture."""
    together = -(-power.shape[1] // _MOST_COLUMNS)
    starts = np.arange(0, power.shape[1], together)
    counts = np.diff(np.append(starts, power.shape[1]))
    return np.add.reduceat(power, starts, axis=1) / counts


def _draw_bars(axes: Any, values: NDArray[np.float64], marked: NDArray[np.bool_]) -> None:
    """Draw all bars of one colour as one shape, so that 1,000 layers render fast."""
    edges = np.arange(len(values) + 1) + 0.5
    for chosen, colour in ((~marked, _SERIES), (marked, _ERROR)):
        axes.stairs(np.where(chosen, values, 0), edges, fill=True, color=colour, linewidth=0)
    axes.set_xlim(0.5, len(values) + 0.5)


def _end(layer: Mapping[str, Any]) -> str:
    name = str(layer["original_names"][-1]) if layer["original_names"] else ""
    return name if len(name) <= _NAME_LETTERS else f"…{name[1 - _NAME_LETTERS :]}"


def _figure(width: float, height: float, rows: int) -> tuple[Any, Any]:
    figure = import_module("matplotlib.figure").Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots(rows, 1, sharex=True, squeeze=False)[:, 0]


def _svg(figure: Any) -> str:
    text = io.StringIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")  # the browser has its own fonts
        figure.savefig(text, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return _with_page_colours(text.getvalue())


def _with_page_colours(svg: str) -> str:
    """Remove everything before the drawing, and replace its colours by the page's.

    Colours are replaced inside tags only: a name from a file may look like one.
    """
    svg = svg[svg.index("<svg") :].replace("<svg ", '<svg class="chart" aria-hidden="true" focusable="false" ', 1)
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg, flags=re.DOTALL)
    return re.sub(r"<[^<>]*>", _themed, svg)


def _themed(tag: re.Match[str]) -> str:
    themed = re.sub(r' id="[\w.]+_\d+"', "", tag[0])  # numbers, the same in every chart of the page
    for colour, name in _PAGE_COLOURS.items():
        themed = themed.replace(colour, f"var(--{name})")
    return themed
