"""Gathers facts about this machine: every probe is bounded in time, and a failed one is a fact as well."""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.environments import TO_HAILO, TO_ONNX, environment_python, package_environment
from tasnet2hef.base.host import read_host, read_text
from tasnet2hef.base.progress import Progress
from tasnet2hef.diagnose.doctor.facts import Environment, Facts, Machine, VendorPackage
from tasnet2hef.diagnose.doctor.probe import COMPILER, MARK, RUNTIME
from tasnet2hef.diagnose.doctor.run_bounded import run_bounded
from tasnet2hef.runtime.backends.hailort.explain import DEVICE_FOLDER, device_files

PACKAGES: Final = ("tasnet2hef", "numpy", "onnx", "onnxruntime", "protobuf", "tensorflow", "torch")
SECONDS: Final[dict[str, float]] = {"inventory": 20.0, "compiler": 120.0, "runtime": 30.0, "devices": 30.0}
"""Time limit of each probe; the compiler imports TensorFlow."""
TOOL_SECONDS: Final = 10.0
THIS: Final = "this Python"
MODULES: Final = Path("/sys/module")
DRIVER_MODULES: Final = ("hailo_pci", "hailo1x_pci", "hailo1x")
"""The kernel modules: of HailoRT 4; of HailoRT 5, under its two recorded names."""


def gather_facts(folder: Path, progress: Progress, pythons: Mapping[str, Path] | None = None) -> Facts:
    """Probe both environments (and this Python, if it is neither), and the machine.

    ``folder`` is where runs would be written. ``pythons`` are environments' interpreters by name, by default those
    beside the package.
    """
    pythons = known_pythons() if pythons is None else pythons
    environments = []
    for number, (name, python) in enumerate(pythons.items()):
        progress(number, len(pythons) + 1)
        environments.append(probe_environment(name, python))
    progress(len(pythons), len(pythons) + 1)
    return Facts(tuple(environments), probe_machine(folder))


def known_pythons() -> dict[str, Path]:
    """Return the interpreters to probe, by name."""
    pythons = {name: environment_python(name) for name in (TO_ONNX, TO_HAILO)}
    own = Path(sys.prefix).resolve()
    if own in [each.parent.parent.resolve() for each in pythons.values()]:
        return pythons
    return {THIS: Path(sys.executable), **pythons}


def probe_environment(name: str, python: Path) -> Environment:
    """Return what one Python has installed, and whether the vendor's packages work in it."""
    if not python.is_file():
        return Environment(name, str(python))
    inventory = run_probe(python, "inventory", *PACKAGES)
    if "problem" in inventory:
        return Environment(name, str(python), problem=str(inventory["problem"]))
    dfc = _probe_package(python, "compiler", COMPILER in inventory["vendor"])
    hailort = _probe_package(python, "runtime", RUNTIME in inventory["vendor"])
    opened = run_probe(python, "devices") if hailort.installed and not hailort.problem else {}
    return Environment(
        name,
        str(python),
        str(inventory["python_version"]),
        dict(inventory["packages"]),
        dfc,
        hailort,
        tuple(str(each) for each in opened.get("devices", ())),
        str(opened.get("problem", "")),
    )


def run_probe(python: Path, name: str, *packages: str) -> dict[str, Any]:
    """Run one of `probe.PROBES` in a Python; ``problem`` in the result says why it failed."""
    command = [str(python), "-m", "tasnet2hef.diagnose.doctor.probe", name, *packages]
    run = run_bounded(command, SECONDS[name], package_environment())
    lines = [line for line in run.output.split("\n") if line.startswith(MARK)]
    if not lines:
        return {"problem": run.problem or "it printed no result"}
    try:
        result: dict[str, Any] = json.loads(lines[-1][len(MARK) :])
    except ValueError:
        return {"problem": f"its result was cut short: {lines[-1][len(MARK) :]}"}
    return result


def probe_machine(folder: Path) -> Machine:
    """Return the facts about the machine itself."""
    command_line = shutil.which("hailortcli") or ""
    printed = run_bounded([command_line, "--version"], TOOL_SECONDS).output if command_line else ""
    modinfo = shutil.which("modinfo") or shutil.which("modinfo", path="/usr/sbin:/sbin")
    module, driver = loaded_driver(MODULES)
    installed = _installed_driver(modinfo) if modinfo and not module else ""
    return Machine(
        **vars(read_host(folder)),
        device_files=device_files(DEVICE_FOLDER),
        driver=driver,
        driver_module=module,
        driver_installed=installed,
        command_line=command_line,
        command_line_version=version_in(printed),
    )


def loaded_driver(modules: Path) -> tuple[str, str]:
    """Return name and version of the loaded kernel module; both empty where none is loaded."""
    for name in DRIVER_MODULES:
        if version := read_text(modules / name / "version").strip():
            return name, version
    return "", ""


def _installed_driver(modinfo: str) -> str:
    """Return name and version of the first kernel module that could be loaded; empty where there is none."""
    for name in DRIVER_MODULES:
        found = run_bounded([modinfo, "-F", "version", name], TOOL_SECONDS)
        if not found.problem and found.output.strip():
            return f"{name} {found.output.strip()}"
    return ""


def version_in(text: str) -> str:
    """Return the first version number in a text, empty where there is none.

    >>> version_in("HailoRT-CLI version 4.23.0")
    '4.23.0'
    """
    version = re.search(r"\d+\.\d+(\.\d+)*", text)
    return version[0] if version else ""


def _probe_package(python: Path, name: str, installed: bool) -> VendorPackage:
    if not installed:
        return VendorPackage()
    result = run_probe(python, name)
    return VendorPackage(True, str(result.get("version", "")), str(result.get("problem", "")))
