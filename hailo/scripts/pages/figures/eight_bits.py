"""The effect of the range on the rounding error of a tensor with a few large values."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from scripts.pages.pen import BLUE, INK, ORANGE
from tasnet2hef.base.parity import signal_to_error_db

CAPTION = (
    "100,000 values of a Laplace distribution (seeded), rounded to 256 codes. A narrower range clips a few values "
    "and rounds all others finer; the best range is in between."
)
_CODES = 256


def draw() -> Figure:
    """Draw the signal-to-error ratio over the range, and mark min-max and the 99.99 % percentile."""
    values = np.random.default_rng(0).laplace(size=100_000)
    largest = float(np.abs(values).max())
    ranges = np.linspace(0.15, 1.0, 60) * largest
    ratios = [ratio_db(values, top) for top in ranges]
    figure = Figure(figsize=(6.4, 2.6), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(ranges, ratios, color=INK, linewidth=1.2)
    percentile = float(np.percentile(np.abs(values), 99.99))
    for top, name, colour, side in (
        (largest, "min-max", ORANGE, "center"),
        (percentile, "99.99 %", BLUE, "right"),
    ):
        axes.plot([top], [ratio_db(values, top)], "o", color=colour)
        axes.annotate(
            f"{name}: {ratio_db(values, top):.1f} dB",
            (top, ratio_db(values, top)),
            (0, -16),
            textcoords="offset points",
            ha=side,
            fontsize=9,
        )
    axes.set_ylim(0, None)
    axes.set_xlim(0, largest * 1.12)
    axes.set_xlabel("largest value that has a code")
    axes.set_ylabel("signal to error [dB]")
    return figure


def ratio_db(values: np.ndarray, top: float) -> float:
    """Return the signal to error in dB of values rounded to 256 codes between ``-top`` and ``top``."""
    step = 2 * top / (_CODES - 1)
    rounded = np.clip(np.round(values / step), -_CODES // 2, _CODES // 2 - 1) * step
    return signal_to_error_db(values, rounded)
