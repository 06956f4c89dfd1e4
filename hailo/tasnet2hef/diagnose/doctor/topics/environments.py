"""The two Pythons: whether they start and hold the packages that their half of the work needs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from tasnet2hef.base.environments import MAKE_WITH, TO_HAILO, TO_ONNX
from tasnet2hef.base.outcome import ERROR, MISSING, OK, WARNING, Status
from tasnet2hef.diagnose.doctor.diagnosis import Diagnosis
from tasnet2hef.diagnose.doctor.facts import Environment, Facts
from tasnet2hef.target.known.evidence import Evidence, Grade
from tasnet2hef.target.known.releases import Release, parse_release


@dataclass(frozen=True)
class Pins:
    """Versions of packages that are recorded for a release of the compiler."""

    release: Release
    versions: Mapping[str, str]
    evidence: Evidence
    advice: str


@dataclass(frozen=True)
class TensorFlowNumpy:
    """A TensorFlow up to ``newest`` does not accept a numpy from ``first_numpy`` on."""

    newest: Release
    first_numpy: Release
    pin: str
    source: str
    grade: Grade
    status: Status = WARNING


NEEDED: Final = {TO_ONNX: ("numpy", "onnx", "onnxruntime", "protobuf", "torch")}
"""Packages that an environment must have, by its name."""
NEEDED_ELSEWHERE: Final = ("numpy", "onnx", "onnxruntime", "protobuf")
"""Packages that any other environment must have."""
_MODEL_ZOO: Final = "github.com/hailo-ai/hailo_model_zoo/issues/166"
PINS: Final = (
    Pins(
        (3, 30),
        {"numpy": "1.23.3"},
        Evidence(_MODEL_ZOO, "recorded", version="3.30.0"),
        "pip install numpy==1.23.3",
    ),
    Pins(
        (3, 33),
        {"numpy": "1.26.4", "onnx": "1.16.0", "onnxruntime": "1.18", "protobuf": "3.20.3"},
        Evidence(
            "Hearable-Dongle/signal-processing-research, to-hailo-env-requirements.txt",
            "recorded",
            version="3.33.0",
        ),
        "pip install -r requirements/to-hailo-env.txt",
    ),
)
"""What is recorded for a release of the compiler."""
TENSORFLOW: Final = (
    TensorFlowNumpy((2, 12), (2, 0), "numpy<1.24", f"{_MODEL_ZOO}; luxonis/modelconverter#268", "recorded", ERROR),
    TensorFlowNumpy((2, 12), (1, 24), "numpy<1.24", _MODEL_ZOO, "recorded"),
    TensorFlowNumpy((2, 17), (2, 0), "numpy<2", "TensorFlow up to 2.17 is compiled against NumPy 1", "inferred"),
)
"""The first match counts."""
TENSORFLOW_OF: Final[Mapping[Release, str]] = {(3, 30): "2.12.0"}
"""The TensorFlow of a compiler's release (recorded: hailo_model_zoo issue 166)."""
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
    if clash := _numpy_clash(what, environment):
        yield clash
        return
    for pins in PINS:
        if parse_release(environment.dfc.version) == pins.release and (other := _other(environment, pins)):
            found = f"{', '.join(other)}; in brackets what is recorded for DFC {pins.evidence.version}"
            yield Diagnosis(what, WARNING, found, pins.advice, pins.evidence.source, pins.evidence.grade)


def _other(environment: Environment, pins: Pins) -> list[str]:
    """Return the packages whose version is not the recorded one, with both."""
    return [
        f"{package} {version} ({pin})"
        for package, pin in pins.versions.items()
        if (version := environment.packages.get(package)) and version != pin and not version.startswith(f"{pin}.")
    ]


def _numpy_clash(what: str, environment: Environment) -> Diagnosis | None:
    """Return a diagnosis where the compiler's TensorFlow does not accept this numpy."""
    compiler = parse_release(environment.dfc.version)
    if not environment.dfc.installed:
        return None
    name = environment.packages.get("tensorflow") or (TENSORFLOW_OF.get(compiler, "") if compiler else "")
    tensorflow, numpy = parse_release(name), parse_release(environment.packages.get("numpy") or "")
    for each in TENSORFLOW:
        if tensorflow and numpy and tensorflow <= each.newest and numpy >= each.first_numpy:
            version, dfc = environment.packages["numpy"], environment.dfc.version
            found = f"numpy {version}, which TensorFlow {name} of DFC {dfc or 'this release'} does not accept"
            pin = next((f"numpy=={pins.versions['numpy']}" for pins in PINS if pins.release == compiler), each.pin)
            return Diagnosis(what, each.status, found, f'pip install "{pin}"', each.source, each.grade)
    return None
