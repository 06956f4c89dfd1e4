"""Predicts what windows side by side in the columns of one tensor save on a chip, with the evidence."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from tasnet2hef.target.known.chip import Chip
from tasnet2hef.target.known.evidence import Evidence


@dataclass(frozen=True)
class ColumnGain:
    """Windows per unit of work, over those of a graph of one column: between ``lowest`` and ``highest``.

    1 is no gain: the columns cost as much as separate runs. Never measured on a chip.
    """

    chip: str
    streams: int
    lowest: float
    highest: float
    evidence: Evidence
    reason: str

    @property
    def sentence(self) -> str:
        """Return the prediction as one line."""
        return (
            f"{self.streams} windows side by side on {self.chip}: {self.lowest:g} to {self.highest:g} times "
            f"as many windows for the same work ({self.reason}) [{self.evidence}]"
        )

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "streams": self.streams,
            "lowest": self.lowest,
            "highest": self.highest,
            "grade": self.evidence.grade,
            "source": self.evidence.source,
            "reason": self.reason,
        }


def column_gain(chip: Chip, streams: int) -> ColumnGain:
    """Predict the gain of ``streams`` columns from how the chip pads a row.

    Where rows are padded up to ``P`` columns, ``W`` of them cost ``ceil(W / P) P`` where one costs ``P``: at most
    ``W / ceil(W / P)`` times the windows. That is the most: padding is recorded for rows at the chip's edge, not
    for the arithmetic inside. Where a row is padded to a multiple of bytes, stored rows of one column are not
    padded (inferred from the vendor's buffers); whether the arithmetic is padded is not known: the gain is between
    1 and the same most.
    """
    padding = chip.edge_row_columns
    columns = int(padding)
    highest = streams / math.ceil(streams / columns)
    if padding.unit == "columns":
        reason = f"rows at its edge are padded to {columns} columns; inside it is not known"
    else:
        reason = "open: its stored rows are not padded to columns; whether its arithmetic is, is not known"
    evidence = Evidence(padding.evidence.source, "inferred")
    return ColumnGain(chip.name, streams, 1.0, highest, evidence, reason)
