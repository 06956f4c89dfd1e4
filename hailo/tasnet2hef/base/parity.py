"""How closely an export's output equals the original's: signal-to-error in dB."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from tasnet2hef.base.errors import ParityError

Signal = npt.NDArray[np.floating[Any]]

CEILING_DB: Final = 200.0
"""Reported for equal signals, whose ratio is infinite; float32 rounding alone gives about 150 dB."""
REFUSED_BELOW_DB: Final = 80.0


@dataclass(frozen=True)
class ParityRow:
    """One comparison: two implementations and the signal-to-error of the worst source, in dB."""

    pair: str
    db: float


def signal_to_error_db(expected: Signal, actual: Signal) -> float:
    """Return ``10 log10(sum(expected^2) / sum((expected - actual)^2))``, at most 200 dB.

    >>> round(signal_to_error_db(np.array([3.0, 4.0]), np.array([3.0, 4.5])), 6)
    20.0
    """
    if expected.shape != actual.shape:
        raise ValueError(f"shapes differ: {expected.shape} and {actual.shape}")
    signal = float(np.sum(np.square(expected, dtype=np.float64)))
    error = float(np.sum(np.square(expected.astype(np.float64) - actual)))
    if not math.isfinite(error):
        return -CEILING_DB
    if error <= signal * 10 ** (-CEILING_DB / 10):
        return CEILING_DB
    return max(-CEILING_DB, 10 * math.log10(signal / error)) if signal > 0 else -CEILING_DB


def compare_sources(pair: str, expected: Signal, actual: Signal) -> ParityRow:
    """Compare sources ``[source, sample]`` one by one; return the lowest signal-to-error."""
    return ParityRow(pair, min(signal_to_error_db(a, b) for a, b in zip(expected, actual, strict=True)))


def require_parity(rows: Sequence[ParityRow], where: str) -> None:
    """Check that a graph's output equals the original's.

    Raises:
        ParityError: a pair is below 80 dB.
    """
    worst = min(rows, key=lambda row: row.db)
    if worst.db < REFUSED_BELOW_DB:
        raise ParityError(
            f"{where}: {worst.pair}: found {worst.db:.1f} dB signal-to-error, expected at least "
            f"{REFUSED_BELOW_DB:.0f} dB; nothing was written; the weights may exceed float32's range"
        )
