"""Rows with made-up figures."""

from __future__ import annotations

from typing import Any

from tasnet2hef.explore.point import Point
from tasnet2hef.explore.row import Row


def row(number: int, lost_db: float | None, contexts: int = 1, latency_ms: float = 1000.0, **more: Any) -> Row:
    """Return a measured row; ``point`` fields and others may be given by name."""
    fields = {name: more.pop(name) for name in tuple(more) if name in Point.__dataclass_fields__}
    figures: dict[str, Any] = {"layers": 50, "mmacs_per_second": 100.0, **more}
    return Row(
        number=number,
        point=Point(**fields),
        outcome="measured",
        lost_db=lost_db,
        contexts=contexts,
        latency_ms=latency_ms,
        **figures,
    )
