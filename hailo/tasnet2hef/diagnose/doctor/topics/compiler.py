"""The vendor's compiler: whether it is in one of the environments, and can be imported."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tasnet2hef.base.environments import MAKE_WITH, TO_HAILO
from tasnet2hef.base.outcome import ERROR, MISSING, OK, WARNING
from tasnet2hef.diagnose.doctor.diagnosis import Diagnosis
from tasnet2hef.diagnose.doctor.facts import Facts
from tasnet2hef.target.known.releases import PAIRINGS, format_release, pairing_of

WHAT: Final = "compiler (DFC)"


def diagnose(facts: Facts) -> Iterator[Diagnosis]:
    """Diagnose every environment that has the compiler, or report that none has."""
    environments = [each for each in facts.environments if each.dfc.installed]
    if not environments:
        advice = (
            f"{MAKE_WITH[TO_HAILO]}; without it everything up to the model script works, and `compile` leaves a "
            "bundle for the machine that has it"
        )
        yield Diagnosis(WHAT, MISSING, "hailo_sdk_client is in none of the environments", advice)
    for each in environments:
        what = f"{WHAT} in {each.name}"
        if each.dfc.problem:
            found = f"installed, but can't be imported: {each.dfc.problem}"
            yield Diagnosis(what, ERROR, found, f"recreate the environment: {MAKE_WITH[TO_HAILO]}")
        else:
            yield _version(what, each.dfc.version)


def _version(what: str, version: str) -> Diagnosis:
    pairing = pairing_of(version)
    if pairing is None:
        span = f"{format_release(PAIRINGS[0].compiler)} to {format_release(PAIRINGS[-1].compiler)}"
        advice = f"nothing is recorded about this release; those from {span} are recorded in part"
        return Diagnosis(what, WARNING, version or "no version", advice)
    found = f"{version}, for {', '.join(pairing.hardware)}"
    return Diagnosis(what, OK, found, pairing.note, pairing.evidence.source, pairing.evidence.grade)
