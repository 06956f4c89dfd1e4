"""One thing that was examined: its status, what was found, and what to do."""

from __future__ import annotations

from dataclasses import dataclass

from tasnet2hef.base.outcome import Status


@dataclass(frozen=True)
class Diagnosis:
    """One line of a report.

    ``error``: known not to work, or not to work together. ``missing``: only a problem where it is needed.
    ``source`` and ``grade`` are the evidence for the status.
    """

    what: str
    status: Status
    found: str
    advice: str = ""
    source: str = ""
    grade: str = ""
