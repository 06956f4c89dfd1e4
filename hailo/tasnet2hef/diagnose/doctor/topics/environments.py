"""The two Pythons: whether they start and hold the packages that their half of the work needs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from tasnet2hef.base.environments import MAKE_WITH, TO_HAILO, TO_ONNX
from tasnet2hef.base.outcome import ERROR, MISSING, OK, WARNING
from tasnet2hef.diagnose.doctor.diagnosis import Diagnosis
from tasnet2hef.diagnose.doctor.facts import Environment, Facts
from tasnet2hef.target.known.releases import parse_release

NEEDED: Final = {TO_ONNX: ("numpy", "onnx", "onnxruntime", "protobuf", "torch")}
"""Packages that an environment must have, by its name."""
NEEDED_ELSEWHERE: Final = ("numpy", "onnx", "onnxruntime", "protobuf")
"""Packages that any other environment must have."""
PINNED: Final = {"numpy": "1.26.4", "onnx": "1.16.0", "onnxruntime": "1.18", "protobuf": "3.20.3"}
PINNED_FOR: Final = (3, 33)
PINS_SOURCE: Final = "Hearable-Dongle/signal-processing-research, to-hailo-env-requirements.txt, DFC 3.33.0"
PYTHONS: Final = ((3, 10), (3, 12))
PYTHONS_SOURCE: Final = "hailo-ai/hailo_model_zoo v2.17, GETTING_STARTED, DFC 3.33.0"


def diagnose(facts: Facts) -> Iterator[Diagnosis]:
    """Diagnose every environment."""
    for each in facts.environments:
        yield from _environment(each)


def _environment(environment: Environment) -> Iterator[Diagnosis]:
    name = environment.name
    if environment.problem:
        found = f"{environment.python} does not start: {environment.problem}"
        advice = f"remove its folder and recreate it: {MAKE_WITH.get(name, 'see the README')}"
        yield Diagnosis(name, ERROR, found, advice)
    elif not environment.python_version:
        advice = f"{MAKE_WITH.get(name, '')}, if this half of the work is to run here"
        yield Diagnosis(name, MISSING, f"no {environment.python}", advice)
    else:
        yield _packages(environment)
        yield from _pins(environment)


def _packages(environment: Environment) -> Diagnosis:
    name, packages = environment.name, environment.packages
    installed = [f"{package} {version}" for package, version in packages.items() if version]
    absent = [package for package in NEEDED.get(name, NEEDED_ELSEWHERE) if not packages.get(package)]
    found = f"Python {environment.python_version}: {', '.join(installed) or 'none of the packages'}"
    if absent:
        advice = f"{', '.join(absent)} missing: {MAKE_WITH.get(name, 'pip install tasnet2hef')}"
        return Diagnosis(name, MISSING, found, advice)
    return Diagnosis(name, OK, found)


def _pins(environment: Environment) -> Iterator[Diagnosis]:
    """Compare the compiler's environment with the versions that are recorded for its release."""
    what = f"{environment.name}, versions for the compiler"
    python = parse_release(environment.python_version)
    for_compiler = environment.dfc.installed or environment.name == TO_HAILO
    if for_compiler and python is not None and not PYTHONS[0] <= python <= PYTHONS[1]:
        found = f"Python {environment.python_version}, expected 3.10 to 3.12"
        yield Diagnosis(what, WARNING, found, MAKE_WITH[TO_HAILO], PYTHONS_SOURCE, "documented")
    if parse_release(environment.dfc.version) != PINNED_FOR:
        return
    other = [
        f"{package} {version} ({pin})"
        for package, pin in PINNED.items()
        if (version := environment.packages.get(package)) and version != pin and not version.startswith(f"{pin}.")
    ]
    if other:
        found = f"{', '.join(other)}; in brackets what is recorded for DFC 3.33.0"
        advice = "pip install -r requirements/to-hailo-env.txt"
        yield Diagnosis(what, WARNING, found, advice, PINS_SOURCE, "recorded")
