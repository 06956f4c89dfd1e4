"""The doctor: collects facts about this machine and diagnoses them, topic by topic."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tasnet2hef.base.discovery import modules_of
from tasnet2hef.base.outcome import ERROR
from tasnet2hef.base.plain import plain
from tasnet2hef.base.progress import Progress
from tasnet2hef.diagnose.doctor import topics
from tasnet2hef.diagnose.doctor.abilities import Abilities, abilities_of
from tasnet2hef.diagnose.doctor.diagnosis import Diagnosis
from tasnet2hef.diagnose.doctor.facts import Facts
from tasnet2hef.diagnose.doctor.gather import gather_facts
from tasnet2hef.target.known.releases import PAIRINGS


@dataclass(frozen=True)
class DoctorReport:
    """The facts, and the diagnoses of all topics."""

    facts: Facts
    diagnoses: tuple[Diagnosis, ...]

    @property
    def errors(self) -> tuple[Diagnosis, ...]:
        """Return what is known not to work."""
        return tuple(each for each in self.diagnoses if each.status == ERROR)

    @property
    def abilities(self) -> Abilities:
        """Return what this machine can do."""
        return abilities_of(self.facts, self.diagnoses)

    def to_json(self) -> dict[str, Any]:
        """Return what `doctor --json` prints."""
        return {
            "consistent": not self.errors,
            "abilities": plain(self.abilities),
            "next_step": self.abilities.next_step,
            "diagnoses": plain(self.diagnoses),
            "environments": plain(self.facts.environments),
            "machine": self.facts.machine.to_json(),
            "combinations": [each.to_json() for each in PAIRINGS],
        }


def examine_machine(folder: Path, progress: Progress) -> DoctorReport:
    """Examine this machine; ``folder`` is where runs would be written."""
    facts = gather_facts(folder, progress)
    return DoctorReport(facts, diagnose(facts))


def diagnose(facts: Facts) -> tuple[Diagnosis, ...]:
    """Return the diagnoses of all topics."""
    return tuple(each for topic in modules_of(topics) for each in topic.diagnose(facts))
