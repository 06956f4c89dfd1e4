"""The device and its runtime: HailoRT, its command line, its driver, and what answers."""

from __future__ import annotations

from collections.abc import Iterator

from tasnet2hef.diagnose.doctor.diagnosis import INCONSISTENT, MISSING, OK, WARN, Diagnosis
from tasnet2hef.diagnose.doctor.facts import Environment, Facts, Machine

INSTALL = "install HailoRT (driver, library and Python wheel of one version) on the machine with the device"
NUMPY_SOURCE = "hailo-ai/hailort, tag v4.23.0, and public code: the Python package needs numpy below 2"


def diagnose(facts: Facts) -> Iterator[Diagnosis]:
    """Judge the runtime from Python to the kernel."""
    places = [each for each in facts.environments if each.runtime.installed]
    if not places:
        advice = f"{INSTALL}; without it `separate` runs on the processor"
        yield Diagnosis("runtime (HailoRT)", MISSING, "hailo_platform is in none of the environments", advice)
    for each in places:
        yield from _package(each)
    yield _command_line(facts.machine)
    yield _driver(facts)
    yield _devices(facts, places)


def _package(found: Environment) -> Iterator[Diagnosis]:
    where = f"runtime (HailoRT) in {found.name}"
    if found.runtime.problem:
        told = f"installed, and does not start: {found.runtime.problem}"
        yield Diagnosis(where, INCONSISTENT, told, "install the wheel that fits this Python and its library")
    else:
        yield Diagnosis(where, OK, found.runtime.version or "no version told")
    numpy = found.packages.get("numpy") or ""
    if numpy and not numpy.startswith(("0.", "1.")):
        yield Diagnosis(f"{where}, numpy", WARN, numpy, 'pip install "numpy<2"', NUMPY_SOURCE, "documented")


def _command_line(machine: Machine) -> Diagnosis:
    if not machine.command_line:
        return Diagnosis("hailortcli", MISSING, "not on the PATH", INSTALL)
    status = OK if machine.command_line_version else WARN
    version = machine.command_line_version or "tells no version"
    return Diagnosis("hailortcli", status, f"{version} ({machine.command_line})")


def _driver(facts: Facts) -> Diagnosis:
    machine = facts.machine
    if not machine.driver:
        if machine.driver_installed:
            told = f"{machine.driver_installed} is installed and not loaded"
            return Diagnosis(
                "driver (hailo_pci)", WARN, told, "sudo modprobe hailo_pci, with the device plugged in"
            )
        return Diagnosis("driver (hailo_pci)", MISSING, "not loaded", INSTALL)
    others = [f"HailoRT {version} ({place})" for place, version in facts.runtimes if version != machine.driver]
    if others:
        told = f"{machine.driver}, beside {', '.join(others)}"
        advice = "driver and library of one version belong together"
        return Diagnosis("driver (hailo_pci)", WARN, told, advice, "by judgement; no record of a pair", "inferred")
    return Diagnosis("driver (hailo_pci)", OK, machine.driver)


def _devices(facts: Facts, places: list[Environment]) -> Diagnosis:
    files = ", ".join(facts.machine.device_files)
    opened = [device for each in places for device in each.devices]
    if opened:
        return Diagnosis("device", OK, f"{', '.join(dict.fromkeys(opened))} answers; {files or 'no /dev/hailo*'}")
    problem = next((each.device_problem for each in places if each.device_problem), "")
    if files:
        told = f"{files}; not opened: {problem or 'no runtime that starts'}"
        return Diagnosis("device", WARN, told, "is another program using it? may this user read and write it?")
    return Diagnosis(
        "device", MISSING, f"no /dev/hailo*{f'; {problem}' if problem else ''}", "plug it in, then the driver"
    )
