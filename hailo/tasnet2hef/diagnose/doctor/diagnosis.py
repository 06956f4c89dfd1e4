"""One thing that was looked at: how it is, what was found, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

OK: Final = "ok"
WARN: Final = "warn"
MISSING: Final = "missing"
INCONSISTENT: Final = "inconsistent"
"""Parts that are there and are known not to work, or not to work together."""


@dataclass(frozen=True)
class Diagnosis:
    """One line of the doctor's report; ``source`` and ``grade`` tell where a judgement is known from."""

    what: str
    status: str
    found: str
    advice: str = ""
    source: str = ""
    grade: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "what": self.what,
            "status": self.status,
            "found": self.found,
            "advice": self.advice,
            "source": self.source,
            "grade": self.grade,
        }
