"""Reports of replaced norms with given figures, and nothing else behind them."""

from __future__ import annotations

from pathlib import Path

from tasnet2hef.train.norm_report import NormReport
from tests.random_weights import small_spec


def norm_report(original_db: float, result_db: float, *, has_sources: bool = True) -> NormReport:
    """Make a report of SI-SDR improvements, or, without sources, of agreements with the original."""
    return NormReport(
        path=Path("frozen.pth"),
        spec=small_spec(),
        original_spec=small_spec(),
        has_sources=has_sources,
        original_db=original_db,
        result_db=result_db,
        levels=(),
        costs=(),
        original_costs=(),
        seconds=1.0,
    )
