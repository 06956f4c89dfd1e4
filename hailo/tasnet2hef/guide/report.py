"""What the guided path reports: a line for each step, and the whole."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tasnet2hef.base.agreement import BROKEN, GOOD, Verdict, worst_of
from tasnet2hef.base.outcome import DONE, NOT_COMPILED, REFUSED, Outcome
from tasnet2hef.base.plain import plain
from tasnet2hef.compiler.report import CompileReport
from tasnet2hef.report.next_step import NextStep


@dataclass(frozen=True)
class StepReport:
    """One step: what was decided or found, and why, in one line; how good it is; at `broken`, the one fix.

    ``fix`` is a command that can be pasted. ``lost_db`` is the SI-SDR that the step costs, where it was measured.
    """

    name: str
    reason: str
    verdict: Verdict = GOOD
    fix: str = ""
    outcome: Outcome = DONE
    seconds: float = 0.0
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    lost_db: float | None = None
    is_kept: bool = False
    """Whether it is an earlier run's, whose inputs and files are unchanged."""

    def __str__(self) -> str:
        """Return the line that is printed."""
        how = self.outcome.upper() if self.outcome == NOT_COMPILED else self.verdict
        return f"{self.name}: {self.reason} ({how}{', kept' if self.is_kept else ''})"


@dataclass(frozen=True)
class PlannedStep:
    """A step that would be run: what is decided of it already, and its minutes (None: nobody can tell)."""

    name: str
    what: str
    minutes: float | None

    def __str__(self) -> str:
        """Return the line that is printed."""
        return f"{self.name} ({minutes_in_words(self.minutes)}): {self.what}"


@dataclass(frozen=True)
class GoReport:
    """The steps that were run, and the one command to run next; ``compiled`` None: it stopped before."""

    steps: tuple[StepReport, ...]
    next: NextStep
    compiled: CompileReport | None = None

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of all steps."""
        return worst_of(*(step.verdict for step in self.steps))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {"steps": plain(self.steps), "verdict": self.verdict, "next": plain(self.next)}


def ended(step: StepReport, seconds: float) -> StepReport:
    """Return a step with its time; a broken one was not a success.

    >>> ended(StepReport("norms", "lost 2 dB", "broken"), 1.0).outcome
    'refused'
    """
    outcome = REFUSED if step.verdict == BROKEN and step.outcome == DONE else step.outcome
    return replace(step, outcome=outcome, seconds=round(seconds, 3))


def minutes_in_words(minutes: float | None) -> str:
    """Return an estimate for reading, rounded as roughly as it is known.

    >>> minutes_in_words(0.2), minutes_in_words(12.4), minutes_in_words(400.0), minutes_in_words(None)
    ('less than a minute', 'about 12 min', 'about 7 h', 'time not known')
    """
    if minutes is None:
        return "time not known"
    if minutes < 1:
        return "less than a minute"
    return f"about {minutes:.0f} min" if minutes < 120 else f"about {minutes / 60:.0f} h"
