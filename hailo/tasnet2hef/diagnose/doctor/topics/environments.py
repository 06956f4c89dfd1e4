"""The two Pythons: whether they start and hold what their half of the work needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tasnet2hef.base.environments import MADE_BY, TO_HAILO, TO_ONNX
from tasnet2hef.diagnose.doctor.diagnosis import INCONSISTENT, MISSING, OK, WARN, Diagnosis
from tasnet2hef.diagnose.doctor.facts import Environment, Facts
from tasnet2hef.target.known.releases import parse_release

NEEDED: Final = {TO_ONNX: ("numpy", "onnx", "onnxruntime", "protobuf", "torch")}
"""Packages that an environment must have; those of any other below."""
PLAIN: Final = ("numpy", "onnx", "onnxruntime", "protobuf")
PINNED: Final = {"numpy": "1.26.4", "onnx": "1.16.0", "onnxruntime": "1.18", "protobuf": "3.20.3"}
PINNED_FOR: Final = (3, 33)
PINS_SOURCE: Final = "Hearable-Dongle/signal-processing-research, to-hailo-env-requirements.txt, DFC 3.33.0"
PYTHONS: Final = ((3, 10), (3, 12))
PYTHONS_SOURCE: Final = "hailo-ai/hailo_model_zoo v2.17, GETTING_STARTED, DFC 3.33.0"


def diagnose(facts: Facts) -> Iterator[Diagnosis]:
    """Judge every environment."""
    for each in facts.environments:
        yield from _environment(each)


def _environment(found: Environment) -> Iterator[Diagnosis]:
    if found.problem:
        advice = f"remove its folder and make it again: {MADE_BY.get(found.name, 'see the README')}"
        yield Diagnosis(found.name, INCONSISTENT, f"{found.python} does not start: {found.problem}", advice)
    elif not found.python_version:
        advice = f"{MADE_BY.get(found.name, '')}, where this half of the work is to be done"
        yield Diagnosis(found.name, MISSING, f"no {found.python}", advice)
    else:
        yield _packages(found)
        yield from _pins(found)


def _packages(found: Environment) -> Diagnosis:
    here = [f"{name} {version}" for name, version in found.packages.items() if version]
    absent = [name for name in NEEDED.get(found.name, PLAIN) if not found.packages.get(name)]
    told = f"Python {found.python_version}: {', '.join(here) or 'none of the packages'}"
    if absent:
        advice = f"{', '.join(absent)} missing: {MADE_BY.get(found.name, 'pip install tasnet2hef')}"
        return Diagnosis(found.name, MISSING, told, advice)
    return Diagnosis(found.name, OK, told)


def _pins(found: Environment) -> Iterator[Diagnosis]:
    """Hold the compiler's environment against what its release is recorded with."""
    what = f"{found.name}, versions for the compiler"
    version = parse_release(found.python_version)
    holds_compiler = found.compiler.installed or found.name == TO_HAILO
    if holds_compiler and version is not None and not PYTHONS[0] <= version <= PYTHONS[1]:
        told = f"Python {found.python_version}, expected 3.10 to 3.12"
        yield Diagnosis(what, WARN, told, MADE_BY[TO_HAILO], PYTHONS_SOURCE, "documented")
    if parse_release(found.compiler.version) != PINNED_FOR:
        return
    other = [
        f"{name} {here} ({pin})"
        for name, pin in PINNED.items()
        if (here := found.packages.get(name)) and here != pin and not here.startswith(f"{pin}.")
    ]
    if other:
        told = f"{', '.join(other)}; in brackets what DFC 3.33.0 is recorded with"
        yield Diagnosis(what, WARN, told, "pip install -r requirements/to-hailo-env.txt", PINS_SOURCE, "recorded")
