"""The vendor's compiler: in one of the environments, and starting."""

from __future__ import annotations

from collections.abc import Iterator

from tasnet2hef.base.environments import MADE_BY, TO_HAILO
from tasnet2hef.diagnose.doctor.diagnosis import INCONSISTENT, MISSING, OK, WARN, Diagnosis
from tasnet2hef.diagnose.doctor.facts import Facts
from tasnet2hef.target.known.releases import PAIRINGS, format_release, pairing_of

WHAT = "compiler (DFC)"


def diagnose(facts: Facts) -> Iterator[Diagnosis]:
    """Judge every environment that has it, or say that none has."""
    places = [each for each in facts.environments if each.compiler.installed]
    if not places:
        advice = (
            f"{MADE_BY[TO_HAILO]}; without it everything up to the model script works, and `compile` leaves a "
            "bundle for the machine that has it"
        )
        yield Diagnosis(WHAT, MISSING, "hailo_sdk_client is in none of the environments", advice)
    for each in places:
        where = f"{WHAT} in {each.name}"
        if each.compiler.problem:
            told = f"installed, and does not start: {each.compiler.problem}"
            yield Diagnosis(where, INCONSISTENT, told, f"make the environment again: {MADE_BY[TO_HAILO]}")
        else:
            yield _version(where, each.compiler.version)


def _version(where: str, version: str) -> Diagnosis:
    known = pairing_of(version)
    if known is None:
        span = f"{format_release(PAIRINGS[0].compiler)} to {format_release(PAIRINGS[-1].compiler)}"
        advice = f"nothing is recorded of this release; those from {span} are, in parts"
        return Diagnosis(where, WARN, version or "no version told", advice)
    told = f"{version}, for {', '.join(known.hardware)}"
    return Diagnosis(where, OK, told, known.note, known.evidence.source, known.evidence.grade)
