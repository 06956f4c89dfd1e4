"""What a reduction reports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasnet2hef.base.plain import plain
from tasnet2hef.diagnose.reduce.search import Weights


@dataclass(frozen=True, kw_only=True)
class ReduceReport:
    """The result of a reduction, and where its files are."""

    source: Path
    nodes_before: int
    nodes_after: int
    operators: tuple[str, ...]
    failure: str
    """The fingerprint of the failure: `rule:`, `signature:`, `match:` or `line:` and what identifies it."""
    message: str
    """The most telling line of the failing command's output, or the rule's finding."""
    minimal: bool
    """No node can be left out; False where the budget was spent before that was known."""
    weights: Weights
    attempts: int
    """Different graphs that the search tried, including those of an earlier run."""
    tried_ahead: int
    """Other graphs that workers tried ahead of the search, which did not come to them."""
    resumed: int
    """Attempts that an earlier run had made."""
    runs: int
    same_runs: int
    """How many of the ``runs`` of the result failed in the same way."""
    reduced: Path
    script: Path
    ticket: Path
    steps: tuple[Path, ...]

    @property
    def repeatable(self) -> bool:
        """Return whether the result failed in the same way in every run."""
        return self.same_runs == self.runs

    def to_json(self) -> dict[str, Any]:
        """Return what `reduce --json` prints."""
        values: dict[str, Any] = plain(self)
        return values
