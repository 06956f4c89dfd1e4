"""Compiler and runtime together: a HEF runs on the runtime that its compiler was released with."""

from __future__ import annotations

from collections.abc import Iterator

from tasnet2hef.base.outcome import ERROR, OK, WARNING
from tasnet2hef.diagnose.doctor.diagnosis import Diagnosis
from tasnet2hef.diagnose.doctor.facts import Facts
from tasnet2hef.target.known.releases import OTHER_FAMILY, TOO_OLD, format_release, pairing_of, parse_release


def diagnose(facts: Facts) -> Iterator[Diagnosis]:
    """Compare every runtime with the compiler, and the runtimes with each other."""
    if pairing_of(facts.compiler) is not None:
        for place, version in facts.runtimes:
            yield pair(f"DFC {facts.compiler} with HailoRT in {place}", facts.compiler, version)
    versions = {version for _, version in facts.runtimes}
    if len(versions) > 1:
        found = ", ".join(f"{version} ({place})" for place, version in facts.runtimes)
        advice = "install one version of HailoRT throughout"
        families = {release[0] for version in versions if (release := parse_release(version))}
        if len(families) > 1:
            advice = f"{advice}: 4.x is for Hailo-8 and 8L, 5.x for Hailo-10H and 15"
            yield Diagnosis("HailoRT versions", ERROR, found, advice, OTHER_FAMILY.source, OTHER_FAMILY.grade)
            return
        source = "by judgement: one library serves all"
        yield Diagnosis("HailoRT versions", WARNING, found, advice, source, "inferred")


def pair(what: str, compiler: str, runtime: str) -> Diagnosis:
    """Diagnose whether a HEF of a compiler's version runs on a runtime's version.

    >>> pair("HEF", "3.33.1", "4.20.0").status
    'error'
    """
    pairing, found_release = pairing_of(compiler), parse_release(runtime)
    source, grade = (pairing.evidence.source, pairing.evidence.grade) if pairing else ("", "")
    if pairing is None or not pairing.runtimes or found_release is None:
        return Diagnosis(what, WARNING, runtime, "no record of whether they belong together", source, grade)
    if found_release in pairing.runtimes:
        return Diagnosis(what, OK, runtime, "", source, grade)
    expected = " or ".join(format_release(each) for each in pairing.runtimes)
    found = f"found {runtime}, expected {expected}"
    advice = f"install HailoRT {expected} (and its driver) on the device, or compile with the release that fits"
    if found_release[0] != pairing.runtimes[-1][0]:
        return Diagnosis(what, ERROR, found, advice, OTHER_FAMILY.source, OTHER_FAMILY.grade)
    if found_release < pairing.runtimes[0]:
        return Diagnosis(what, ERROR, found, advice, TOO_OLD.source, TOO_OLD.grade)
    return Diagnosis(what, WARNING, found, advice, source, grade)
