"""Rows of a comparison: one item in both runs, and its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Verdict = Literal["better", "worse", "same", "changed", "unknown"]
Value = float | int | str | None


@dataclass(frozen=True)
class Row:
    """One item in two runs; None is unknown. ``better_is`` is what counts as better; empty if neither does."""

    what: str
    first: Value
    second: Value
    verdict: Verdict
    better_is: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "what": self.what,
            "a": self.first,
            "b": self.second,
            "verdict": self.verdict,
            "better_is": self.better_is,
        }


@dataclass(frozen=True)
class Section:
    """Rows of one kind; ``note`` explains why there are none, or what is missing."""

    name: str
    rows: tuple[Row, ...]
    note: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"name": self.name, "rows": [row.to_json() for row in self.rows], "note": self.note}


def lower(what: str, first: float | None, second: float | None, share: float = 0.0) -> Row:
    """Compare a number of which less is better; a difference of up to a ``share`` of the first counts as equal.

    >>> lower("contexts", 6, 2).verdict
    'better'
    """
    better_is = f"lower by over {100 * share:g} %" if share else "lower"
    return Row(what, first, second, _verdict(first, second, better=-1, within=share * (first or 0)), better_is)


def higher(what: str, first: float | None, second: float | None, within: float) -> Row:
    """Compare a number of which more is better; a difference of up to ``within`` counts as equal.

    >>> higher("SI-SDR", 9.40, 9.41, within=0.05).verdict
    'same'
    """
    return Row(what, first, second, _verdict(first, second, better=1, within=within), f"higher by over {within:g}")


def neutral(what: str, first: Value, second: Value) -> Row:
    """Compare what is neither better nor worse."""
    if first is None or second is None:
        return Row(what, first, second, "same" if first == second else "unknown")
    return Row(what, first, second, "same" if first == second else "changed")


def _verdict(first: float | None, second: float | None, *, better: int, within: float = 0.0) -> Verdict:
    if first is None or second is None:
        return "unknown"
    gained = better * (second - first)
    return "same" if abs(gained) <= within else "better" if gained > 0 else "worse"
