"""Compiler and runtime together: a HEF runs on the runtime that its compiler was released with."""

from __future__ import annotations

from collections.abc import Iterator

from tasnet2hef.diagnose.doctor.diagnosis import INCONSISTENT, OK, WARN, Diagnosis
from tasnet2hef.diagnose.doctor.facts import Facts
from tasnet2hef.target.known.releases import (
    OTHER_FAMILY,
    TOO_OLD,
    Pairing,
    format_release,
    pairing_of,
    parse_release,
)


def diagnose(facts: Facts) -> Iterator[Diagnosis]:
    """Hold every runtime against the compiler, and every runtime against the others."""
    known = pairing_of(facts.compiler)
    if known is not None:
        for place, version in facts.runtimes:
            yield _pair(f"DFC {facts.compiler} with HailoRT in {place}", known, version)
    versions = {version for _, version in facts.runtimes}
    if len(versions) > 1:
        told = ", ".join(f"{version} ({place})" for place, version in facts.runtimes)
        advice = "install one version of HailoRT throughout"
        yield Diagnosis("HailoRT versions", WARN, told, advice, "by judgement: one library serves all", "inferred")


def _pair(what: str, known: Pairing, version: str) -> Diagnosis:
    found = parse_release(version)
    wanted = " or ".join(format_release(each) for each in known.runtimes)
    if not known.runtimes or found is None:
        return Diagnosis(
            what,
            WARN,
            f"{version}: no record of what belongs together",
            "",
            known.evidence.source,
            known.evidence.grade,
        )
    if found in known.runtimes:
        return Diagnosis(what, OK, version, "", known.evidence.source, known.evidence.grade)
    told = f"found {version}, expected {wanted}"
    advice = f"install HailoRT {wanted} (and its driver) on the device, or compile with the release that fits"
    if found[0] != known.runtimes[-1][0]:
        return Diagnosis(what, INCONSISTENT, told, advice, OTHER_FAMILY.source, OTHER_FAMILY.grade)
    if found < known.runtimes[0]:
        return Diagnosis(what, INCONSISTENT, told, advice, TOO_OLD.source, TOO_OLD.grade)
    return Diagnosis(what, WARN, told, advice, known.evidence.source, known.evidence.grade)
