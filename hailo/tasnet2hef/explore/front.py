"""The points that no other one beats, and the one to take.

16 bits are never taken for nothing: they fill more of the chip than 8 bits do, which contexts alone don't show.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from tasnet2hef.base.agreement import BROKEN, GOOD_BELOW_LOSS_DB
from tasnet2hef.base.text import counted
from tasnet2hef.explore.point import EIGHT_BITS, SEARCHED, SIXTEEN_BITS
from tasnet2hef.explore.row import Row

PRECISIONS: Final = (EIGHT_BITS, SEARCHED, SIXTEEN_BITS)
SAME_DB: Final = 0.05
"""Losses this close are the same: the mean over a few mixtures is not known better."""
SAME_MS: Final = 1.0


@dataclass(frozen=True)
class Recommendation:
    """The row to take, and why."""

    row: Row
    reason: str


def front_of(rows: Sequence[Row]) -> tuple[int, ...]:
    """Return the numbers of the candidates that no other one beats in dB lost, contexts, latency and precision."""
    front: list[Row] = []
    kept: list[tuple[float, ...]] = []
    for row in sorted((row for row in rows if row.is_candidate), key=_order):
        figures = _figures(row)
        if not any(all(map(operator.le, other, figures)) for other in kept):
            front.append(row)
            kept.append(figures)
    return tuple(row.number for row in sorted(front, key=lambda row: row.number))


def _order(row: Row) -> tuple[object, ...]:
    """Return what sorts a row behind each that beats it: at least as good in everything, and better, or simpler.

    Of rows that are the same in all of it the one with fewer layers, then the first, stands for all.
    """
    return _figures(row), _simplicity(row)


def _figures(row: Row) -> tuple[float, ...]:
    return _loss(row), row.contexts_known, _latency(row), _bits(row)


def _loss(row: Row) -> int:
    return round((row.lost_db or 0.0) / SAME_DB)  # a candidate has both figures


def _latency(row: Row) -> int:
    return round((row.latency_ms or 0.0) / SAME_MS)


def _bits(row: Row) -> float:
    """Return the rank of a precision: 8 bits, a search's few layers in 16, 16 bits throughout."""
    return PRECISIONS.index(row.point.precision)


def _simplicity(row: Row) -> tuple[int, float, int]:
    return row.layers or 0, row.mmacs_per_second or 0.0, row.number


def recommend(rows: Sequence[Row], most_latency_ms: float = math.inf) -> Recommendation | None:
    """Return the row to take: few contexts, then a loss that nobody hears, then the shortest latency.

    A broken row is taken only where all are, however few its contexts. ``most_latency_ms`` is what the
    user can wait for. None where no candidate is that quick.
    """
    quick = [row for row in rows if row.is_candidate and (row.latency_ms or 0.0) <= most_latency_ms]
    if not quick:
        return None
    sound = [row for row in quick if row.verdict != BROKEN] or quick
    fewest = min(row.contexts_known for row in sound)
    lean = [row for row in sound if row.contexts_known == fewest]
    good = [row for row in lean if row.lost_db is not None and row.lost_db < GOOD_BELOW_LOSS_DB]
    if good:
        best = min(good, key=lambda row: (_latency(row), _bits(row), _loss(row), _simplicity(row)))
    else:
        best = min(lean, key=lambda row: (_loss(row), _latency(row), _bits(row), _simplicity(row)))
    return Recommendation(best, _reason(best, bool(good), fewest, most_latency_ms))


def _reason(best: Row, is_good: bool, contexts: int, most_latency_ms: float) -> str:
    within = f" within {most_latency_ms:g} ms" if math.isfinite(most_latency_ms) else ""
    if is_good:
        words = (
            f"the shortest latency{within} ({best.latency_ms:.0f} ms) that loses less than {GOOD_BELOW_LOSS_DB} dB"
        )
    else:
        words = f"the least loss{within}, {best.lost_db:.2f} dB; none loses less than {GOOD_BELOW_LOSS_DB} dB"
    return f"{words}, in {counted(contexts, 'context')}"
