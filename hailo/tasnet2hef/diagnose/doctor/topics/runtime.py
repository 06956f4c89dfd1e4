"""The device and its runtime: HailoRT, its command line, its driver, and the devices that it opens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from tasnet2hef.base.outcome import ERROR, MISSING, OK, WARNING, Status
from tasnet2hef.diagnose.doctor.diagnosis import Diagnosis
from tasnet2hef.diagnose.doctor.facts import Environment, Facts, Machine
from tasnet2hef.target.failures.signature import matching
from tasnet2hef.target.failures.tables import runtime_signatures
from tasnet2hef.target.known.evidence import Evidence
from tasnet2hef.target.known.releases import OTHER_FAMILY, hardware_of_runtime

DRIVER: Final = "driver"
INSTALL: Final = "install HailoRT (driver, library and Python wheel of one version) on the machine with the device"
EXACT: Final = Evidence(
    "github.com/hailo-ai/hailo-rpi5-examples/issues/72, roflcoopter/viseron/issues/1490: HailoRT compares them",
    "recorded",
    words="CHECK failed - Driver version (4.23.0) is different from library version (4.22.0)",
)
_WANTED: Final = (
    r"libhailort\.so\.(\d+\.\d+\.\d+)",
    r"does not match pyhailort version \((\d+\.\d+\.\d+)\)",
)
"""Where an import's error names the version that the Python package needs."""
NO_FILES: Final = "no /dev/hailo* or /dev/h1x-*"
NUMPY_SOURCE: Final = "hailo-ai/hailort, tag v4.23.0, and public code: the Python package needs numpy below 2"


def diagnose(facts: Facts) -> Iterator[Diagnosis]:
    """Diagnose the runtime, from Python to the kernel."""
    environments = [each for each in facts.environments if each.hailort.installed]
    if not environments:
        advice = f"{INSTALL}; without it `separate` runs on the processor"
        yield Diagnosis("runtime (HailoRT)", MISSING, "hailo_platform is in none of the environments", advice)
    for each in environments:
        yield from _package(each, facts)
    yield _command_line(facts.machine)
    machine = facts.machine
    yield driver(machine.driver, facts.runtimes, machine.driver_installed, machine.driver_module)
    yield _devices(facts, environments)


def driver(loaded: str, runtimes: Sequence[tuple[str, str]], installed: str = "", module: str = "") -> Diagnosis:
    """Diagnose whether the driver's version is that of every runtime, given by place and version.

    ``loaded`` is the version of the kernel module ``module``, ``installed`` one that could be loaded; empty where
    there is none.

    >>> driver("4.20.0", [("this Python", "4.23.0")]).found
    '4.20.0, beside HailoRT 4.23.0 (this Python)'
    """
    loaded, installed = loaded.strip(), installed.strip()
    if not loaded and installed:
        found = f"{installed} is installed, but not loaded"
        name = installed.rpartition(" ")[0] or "hailo_pci"
        return Diagnosis(DRIVER, WARNING, found, f"sudo modprobe {name}, with the device plugged in")
    if not loaded:
        advice = f"{INSTALL}; `lsmod | grep hailo` lists the drivers that are loaded"
        return Diagnosis(DRIVER, MISSING, "not loaded", advice)
    shown = f"{module} {loaded}".strip()
    others = [
        f"HailoRT {version} ({place})" for place, version in runtimes if _numbers(version) != _numbers(loaded)
    ]
    if others:
        found = f"{shown}, beside {', '.join(others)}"
        advice = (
            "HailoRT works only with a driver of exactly its own version: install the library and wheel of "
            f"{loaded}, or the driver of the library's version, and reboot"
        )
        return Diagnosis(DRIVER, ERROR, found, advice, EXACT.source, EXACT.grade)
    return Diagnosis(DRIVER, OK, shown)


def _numbers(version: str) -> tuple[str, ...]:
    """Return major, minor and revision of a version: what HailoRT compares.

    >>> _numbers("4.20.0-1")
    ('4', '20', '0')
    """
    return tuple(re.findall(r"\d+", version)[:3]) or (version,)


def _package(environment: Environment, facts: Facts) -> Iterator[Diagnosis]:
    what = f"runtime (HailoRT) in {environment.name}"
    if environment.hailort.problem:
        yield _unusable_package(what, environment.hailort.problem, facts)
    else:
        yield Diagnosis(what, OK, environment.hailort.version or "no version")
    numpy = environment.packages.get("numpy") or ""
    if numpy and not numpy.startswith(("0.", "1.")):
        yield Diagnosis(f"{what}, numpy", WARNING, numpy, 'pip install "numpy<2"', NUMPY_SOURCE, "documented")


def _unusable_package(what: str, problem: str, facts: Facts) -> Diagnosis:
    """Diagnose a package that can't be imported; where it asks for another library than the machine's, say so."""
    found = f"installed, but can't be imported: {problem}"
    wanted = next((match[1] for pattern in _WANTED if (match := re.search(pattern, problem))), "")
    machine = facts.machine
    here = machine.command_line_version or machine.driver
    if not wanted or not here or _numbers(wanted) == _numbers(here):
        return Diagnosis(what, ERROR, found, "install the wheel that fits this Python and its library")
    found = f"{found}; it is the package of HailoRT {wanted}, this machine has {here}"
    advice = f"install the Python wheel of HailoRT {here}"
    if _numbers(wanted)[0] == _numbers(here)[0]:
        return Diagnosis(what, ERROR, found, advice, EXACT.source, EXACT.grade)
    found = f"{found}: two families that don't mix"
    chips = ", ".join(hardware_of_runtime(here))
    return Diagnosis(what, ERROR, found, f"{advice} (for {chips})", OTHER_FAMILY.source, OTHER_FAMILY.grade)


def _command_line(machine: Machine) -> Diagnosis:
    if not machine.command_line:
        return Diagnosis("hailortcli", MISSING, "not on the PATH", INSTALL)
    status: Status = OK if machine.command_line_version else WARNING
    version = machine.command_line_version or "prints no version"
    return Diagnosis("hailortcli", status, f"{version} ({machine.command_line})")


def _devices(facts: Facts, environments: Sequence[Environment]) -> Diagnosis:
    files = ", ".join(facts.machine.device_files)
    opened = [device for each in environments for device in each.devices]
    if opened:
        ids = ", ".join(dict.fromkeys(opened))
        return Diagnosis("device", OK, f"{ids} opened; {files or NO_FILES}")
    problem = next((each.device_problem for each in environments if each.device_problem), "")
    if files:
        known = matching(runtime_signatures(), problem)
        found = f"{files}; not opened: {problem or 'no runtime that can be imported'}"
        if known:
            found, basis = f"{found}; {known[0].cause}", known[0].basis
            return Diagnosis("device", WARNING, found, known[0].remedy, basis.source, basis.grade)
        advice = "check that no other program uses it, and that this user may read and write it"
        return Diagnosis("device", WARNING, found, advice if problem else "make the runtime work, see above")
    found = f"{NO_FILES}{f'; {problem}' if problem else ''}"
    return Diagnosis("device", MISSING, found, "plug it in, then check the driver")
