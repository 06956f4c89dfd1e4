"""A histogram whose range grows with its values, so that one pass over a stream is enough.

Bins of equal width cover ``-reach`` to ``reach``; when a value lies beyond, ``reach`` doubles and pairs of bins
merge. Exact zeros (after a ReLU there are many) are counted apart: they have no rounding error at any scale.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from tasnet2hef.quantize.number_format import ActivationFormat, Values

BINS: Final = 8192
POINTS_PER_BIN: Final = 4
"""Each bin is assumed to be evenly filled, and represented by this many points."""


class Histogram:
    """Counts of values; ``low`` and ``high`` are the exact extremes of all values ever noted."""

    def __init__(self) -> None:
        self.low = np.inf
        self.high = -np.inf
        self.zeros = 0
        self.reach = 0.0
        self.counts = np.zeros(BINS, np.int64)

    def note_extremes(self, low: float, high: float) -> None:
        """Update the extremes without counting the values."""
        self.low, self.high = min(self.low, low), max(self.high, high)

    def count(self, values: Values) -> None:
        """Count values of any shape."""
        flat = values.reshape(-1)
        largest = float(np.abs(flat).max(initial=0.0))
        if largest > 0:
            self._grow(largest)
            places = ((flat + self.reach) * (BINS / (2 * self.reach))).astype(np.int64)
            counts = np.bincount(np.clip(places, 0, BINS - 1), minlength=BINS)
            zeros = int(flat.size - np.count_nonzero(flat))
            counts[BINS // 2] -= zeros
            self.counts += counts
            self.zeros += zeros
        else:
            self.zeros += flat.size

    @property
    def total(self) -> int:
        """Values counted, zeros included."""
        return int(self.counts.sum()) + self.zeros

    def points(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return values that represent all counted ones, ascending, and the weight of each."""
        filled = np.flatnonzero(self.counts)
        width = 2 * self.reach / BINS
        inside = (np.arange(POINTS_PER_BIN) + 0.5) / POINTS_PER_BIN
        values = ((filled[:, None] + inside) * width - self.reach).reshape(-1)
        weights = np.repeat(self.counts[filled] / POINTS_PER_BIN, POINTS_PER_BIN)
        place = int(np.searchsorted(values, 0.0))
        return np.insert(values, place, 0.0), np.insert(weights, place, float(self.zeros))

    def percentile(self, percent: float) -> float:
        """Return the value below which ``percent`` (0 to 100) of the counted values lie."""
        values, weights = self.points()
        reached = np.cumsum(weights)
        place = int(np.searchsorted(reached, percent / 100 * reached[-1]))
        return float(values[min(place, len(values) - 1)])

    def _grow(self, largest: float) -> None:
        if self.reach == 0:
            self.reach = largest
        while self.reach < largest:
            quarter = BINS // 4
            pairs = self.counts.reshape(-1, 2).sum(axis=1)
            self.counts = np.pad(pairs, (quarter, quarter))
            self.reach *= 2


def rounding_noise(histogram: Histogram, chosen: ActivationFormat) -> float:
    """Return the mean squared error of storing the counted values in a format."""
    values, weights = histogram.points()
    return float(np.average((chosen.rounded(values) - values) ** 2, weights=weights))


def power(histogram: Histogram) -> float:
    """Return the mean square of the counted values."""
    values, weights = histogram.points()
    return float(np.average(values**2, weights=weights))


def clipped_share(histogram: Histogram, chosen: ActivationFormat) -> float:
    """Return the share of the counted values that lie beyond a format, by more than half a step."""
    values, weights = histogram.points()
    half = chosen.scale / 2
    beyond = (values < chosen.low - half) | (values > chosen.high + half)
    return float(weights[beyond].sum() / max(weights.sum(), 1.0))


def useful_codes(histogram: Histogram, chosen: ActivationFormat) -> float:
    """Return two to the entropy of the codes in bits: 256 if all are used equally, 1 if only one is used."""
    values, weights = histogram.points()
    shares = np.bincount(chosen.codes(values), weights=weights)
    shares = shares[shares > 0] / weights.sum()
    return float(2.0 ** -(shares * np.log2(shares)).sum())
