"""From this machine to the doctor's report."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasnet2hef.base.discovery import modules_of
from tasnet2hef.diagnose.doctor import topics
from tasnet2hef.diagnose.doctor.diagnosis import INCONSISTENT, Diagnosis
from tasnet2hef.diagnose.doctor.facts import Facts
from tasnet2hef.diagnose.doctor.gather import Progress, gather
from tasnet2hef.target.known.releases import PAIRINGS


@dataclass(frozen=True)
class DoctorReport:
    """What was found, and what is to be said of it."""

    facts: Facts
    diagnoses: tuple[Diagnosis, ...]

    @property
    def inconsistent(self) -> tuple[Diagnosis, ...]:
        """Return what is known not to work."""
        return tuple(each for each in self.diagnoses if each.status == INCONSISTENT)

    def to_json(self) -> dict[str, Any]:
        """Return what `doctor --json` prints."""
        return {
            "consistent": not self.inconsistent,
            "diagnoses": [each.to_json() for each in self.diagnoses],
            "environments": [each.to_json() for each in self.facts.environments],
            "machine": self.facts.machine.to_json(),
            "combinations": [each.to_json() for each in PAIRINGS],
        }


def examine(folder: Path, progress: Progress) -> DoctorReport:
    """Look at this machine; ``folder`` is where runs would be written."""
    facts = gather(folder, progress)
    return DoctorReport(facts, diagnose(facts))


def diagnose(facts: Facts) -> tuple[Diagnosis, ...]:
    """Go through all topics."""
    return tuple(each for topic in modules_of(topics) for each in topic.diagnose(facts))
