"""Draws the worst layers and the frontier; needs matplotlib, an optional extra (``tasnet2hef[plots]``)."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.files import written_beside
from tasnet2hef.quantize.layer_analysis import LayerReport
from tasnet2hef.quantize.precision_search import FrontierPoint

WORST: Final = 25
_REMARK_OF: Final = {"png": "Description", "svg": "Title"}
FORMATS: Final = tuple(_REMARK_OF)


def chosen_format(choice: str) -> str | None:
    """Return the format that ``auto``, ``none`` or a format's name selects; None: no plots.

    >>> chosen_format("svg"), chosen_format("none")
    ('svg', None)
    """
    if choice == "auto":
        return FORMATS[0] if find_spec("matplotlib") else None
    return None if choice == "none" else choice


def require_plots(kind: str) -> None:
    """Check, before any work is done, that plots can be drawn.

    Raises:
        OptionError: matplotlib is not installed, or the format is not known.
    """
    if kind not in FORMATS:
        raise OptionError(f"plots: found {kind!r}, expected one of {', '.join(FORMATS)}")
    if find_spec("matplotlib") is None:
        raise OptionError("plots: found no matplotlib, which draws them; pip install 'tasnet2hef[plots]'")


def draw_layers(layers: Sequence[LayerReport], path: Path, unit: str, made_by: str = "") -> Path:
    """Draw a bar for each of the worst layers, the largest loss on top."""
    worst = list(layers[:WORST])[::-1]
    figure, axes = _figure(7.0, 1.0 + 0.24 * len(worst))
    axes.barh(
        [f"{layer.original_names[-1]}  ({layer.name})" for layer in worst],
        [each.loss_alone_db or 0.0 for each in worst],
    )
    axes.set_xlabel(f"lost with this layer alone at 8 bits [dB {unit}]")
    axes.set_title(f"The {len(worst)} worst of {len(layers)} layers")
    axes.grid(axis="x", alpha=0.3)
    return _save(figure, path, made_by)


def draw_frontier(
    points: Sequence[FrontierPoint],
    chosen: FrontierPoint,
    float_db: float,
    target_db: float,
    path: Path,
    unit: str,
    made_by: str = "",
) -> Path:
    """Draw the score of each set of 16-bit layers over its cost, with the chosen one marked."""
    figure, axes = _figure(7.0, 4.0)
    axes.plot([100 * point.extra_share for point in points], [point.score.figure_db for point in points], "o-")
    axes.plot([100 * chosen.extra_share], [chosen.score.figure_db], "D", color="tab:red", label="chosen")
    if unit == "SI-SDR":
        axes.axhline(float_db, color="black", linewidth=1, label="float")
        axes.axhline(float_db - target_db, color="black", linewidth=1, linestyle=":", label="target")
    axes.set_xlabel("bits spent above 8 bits throughout [%]")
    axes.set_ylabel(f"{unit} [dB]")
    axes.set_title("Cheapest 16-bit layers")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower right")
    return _save(figure, path, made_by)


def _figure(width: float, height: float) -> tuple[Any, Any]:
    figure = import_module("matplotlib.figure").Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _save(figure: Any, path: Path, made_by: str) -> Path:
    kind = path.suffix[1:]
    with written_beside(path) as part:
        figure.savefig(part, dpi=150, format=kind, metadata={_REMARK_OF[kind]: made_by})
    return path
