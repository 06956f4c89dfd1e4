"""What a reduction reports."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasnet2hef.diagnose.reduce.search import Weights


@dataclass(frozen=True, kw_only=True)
class ReduceReport:
    """What a reduction came to."""

    source: Path
    nodes_before: int
    nodes_after: int
    operators: tuple[str, ...]
    target: str
    """The way of failing: `rule:`, `signature:`, `match:` or `line:` and what it is known by."""
    words: str
    minimal: bool
    """No node can be left out; False where the budget was spent before that was known."""
    weights: Weights
    attempts: int
    """Different graphs that were tried, those of an earlier run with them."""
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
    def steady(self) -> bool:
        """Tell whether the result failed in the same way whenever it was run."""
        return self.same_runs == self.runs

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "source": str(self.source),
            "nodes_before": self.nodes_before,
            "nodes_after": self.nodes_after,
            "operators": list(self.operators),
            "failure": self.target,
            "words": self.words,
            "minimal": self.minimal,
            "weights": self.weights,
            "attempts": self.attempts,
            "resumed": self.resumed,
            "runs": self.runs,
            "same_runs": self.same_runs,
            "reduced": str(self.reduced),
            "script": str(self.script),
            "ticket": str(self.ticket),
            "steps": [str(path) for path in self.steps],
        }
