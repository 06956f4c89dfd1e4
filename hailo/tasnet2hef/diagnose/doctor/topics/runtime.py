"""The device and its runtime: HailoRT, its command line, its driver, and the devices that it opens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from tasnet2hef.base.outcome import ERROR, MISSING, OK, WARNING, Status
from tasnet2hef.diagnose.doctor.diagnosis import Diagnosis
from tasnet2hef.diagnose.doctor.facts import Environment, Facts, Machine

DRIVER: Final = "driver (hailo_pci)"
INSTALL: Final = "install HailoRT (driver, library and Python wheel of one version) on the machine with the device"
NUMPY_SOURCE: Final = "hailo-ai/hailort, tag v4.23.0, and public code: the Python package needs numpy below 2"


def diagnose(facts: Facts) -> Iterator[Diagnosis]:
    """Diagnose the runtime, from Python to the kernel."""
    environments = [each for each in facts.environments if each.hailort.installed]
    if not environments:
        advice = f"{INSTALL}; without it `separate` runs on the processor"
        yield Diagnosis("runtime (HailoRT)", MISSING, "hailo_platform is in none of the environments", advice)
    for each in environments:
        yield from _package(each)
    yield _command_line(facts.machine)
    yield driver(facts.machine.driver, facts.runtimes, facts.machine.driver_installed)
    yield _devices(facts, environments)


def driver(loaded: str, runtimes: Sequence[tuple[str, str]], installed: str = "") -> Diagnosis:
    """Diagnose whether the driver's version is that of every runtime, given by place and version.

    ``loaded`` and ``installed`` are versions of the kernel module, empty where there is none.

    >>> driver("4.20.0", [("this Python", "4.23.0")]).found
    '4.20.0, beside HailoRT 4.23.0 (this Python)'
    """
    if not loaded and installed:
        found = f"{installed} is installed, but not loaded"
        return Diagnosis(DRIVER, WARNING, found, "sudo modprobe hailo_pci, with the device plugged in")
    if not loaded:
        advice = f"{INSTALL}; `lsmod | grep hailo` lists the drivers that are loaded"
        return Diagnosis(DRIVER, MISSING, "not loaded, or a driver other than hailo_pci", advice)
    others = [f"HailoRT {version} ({place})" for place, version in runtimes if version != loaded]
    if others:
        found = f"{loaded}, beside {', '.join(others)}"
        advice = "driver and library of one version belong together: install HailoRT's own driver and reboot"
        return Diagnosis(DRIVER, WARNING, found, advice, "by judgement; no record of a pair", "inferred")
    return Diagnosis(DRIVER, OK, loaded)


def _package(environment: Environment) -> Iterator[Diagnosis]:
    what = f"runtime (HailoRT) in {environment.name}"
    if environment.hailort.problem:
        found = f"installed, but can't be imported: {environment.hailort.problem}"
        yield Diagnosis(what, ERROR, found, "install the wheel that fits this Python and its library")
    else:
        yield Diagnosis(what, OK, environment.hailort.version or "no version")
    numpy = environment.packages.get("numpy") or ""
    if numpy and not numpy.startswith(("0.", "1.")):
        yield Diagnosis(f"{what}, numpy", WARNING, numpy, 'pip install "numpy<2"', NUMPY_SOURCE, "documented")


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
        return Diagnosis("device", OK, f"{ids} opened; {files or 'no /dev/hailo*'}")
    problem = next((each.device_problem for each in environments if each.device_problem), "")
    if files:
        found = f"{files}; not opened: {problem or 'no runtime that can be imported'}"
        advice = "check that no other program uses it, and that this user may read and write it"
        return Diagnosis("device", WARNING, found, advice)
    found = f"no /dev/hailo*{f'; {problem}' if problem else ''}"
    return Diagnosis("device", MISSING, found, "plug it in, then check the driver")
