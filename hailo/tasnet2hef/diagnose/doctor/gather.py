"""Looks at this machine: every look is bounded in time, and what fails is a fact as well."""

from __future__ import annotations

import json
import platform
import re
import shutil
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.environments import TO_HAILO, TO_ONNX, environment_python, package_environment
from tasnet2hef.base.supervise.processes import memory_bytes
from tasnet2hef.diagnose.doctor.facts import Environment, Facts, Machine, VendorPackage
from tasnet2hef.diagnose.doctor.probe import COMPILER, MARK, RUNTIME
from tasnet2hef.diagnose.doctor.run_bounded import ask

PACKAGES: Final = ("tasnet2hef", "numpy", "onnx", "onnxruntime", "protobuf", "torch")
SECONDS: Final[dict[str, float]] = {"inventory": 20.0, "compiler": 120.0, "runtime": 30.0, "devices": 30.0}
"""For a question; the compiler imports TensorFlow."""
TOOL_SECONDS: Final = 10.0
THIS: Final = "this Python"

Progress = Callable[[float, float], None]


def gather(folder: Path, progress: Progress, pythons: Mapping[str, Path] | None = None) -> Facts:
    """Look at both environments (and at this Python, if it is neither), and at the machine.

    ``folder`` is where runs would be written. ``pythons`` are environments' interpreters by name; those beside the
    package if none are given.
    """
    places = known_pythons() if pythons is None else dict(pythons)
    found = []
    for number, (name, python) in enumerate(places.items()):
        progress(number, len(places) + 1)
        found.append(environment(name, python))
    progress(len(places), len(places) + 1)
    return Facts(tuple(found), machine(folder))


def known_pythons() -> dict[str, Path]:
    """Return the interpreters to look at, by name."""
    places = {name: environment_python(name) for name in (TO_ONNX, TO_HAILO)}
    own = Path(sys.prefix).resolve()
    return (
        places
        if own in [each.parent.parent.resolve() for each in places.values()]
        else {
            THIS: Path(sys.executable),
            **places,
        }
    )


def environment(name: str, python: Path) -> Environment:
    """Ask one Python what it has."""
    if not python.is_file():
        return Environment(name, str(python))
    told = question(python, "inventory", *PACKAGES)
    if "problem" in told:
        return Environment(name, str(python), problem=str(told["problem"]))
    compiler = _package(python, "compiler", COMPILER in told["vendor"])
    runtime = _package(python, "runtime", RUNTIME in told["vendor"])
    works = runtime.installed and not runtime.problem
    opened = question(python, "devices") if works else {}
    return Environment(
        name,
        str(python),
        str(told["python_version"]),
        dict(told["packages"]),
        compiler,
        runtime,
        tuple(str(each) for each in opened.get("devices", ())),
        str(opened.get("problem", "")),
    )


def question(python: Path, name: str, *more: str) -> dict[str, Any]:
    """Ask a Python one of `inside`'s questions; ``problem`` says why there is no answer."""
    command = [str(python), "-m", "tasnet2hef.diagnose.doctor.probe", name, *more]
    answer = ask(command, SECONDS[name], package_environment())
    lines = [line for line in answer.text.split("\n") if line.startswith(MARK)]
    if not lines:
        return {"problem": answer.problem or "it said nothing"}
    try:
        found: dict[str, Any] = json.loads(lines[-1][len(MARK) :])
    except ValueError:
        return {"problem": f"its answer was cut short: {lines[-1][len(MARK) :]}"}
    return found


def machine(folder: Path) -> Machine:
    """Look at the machine itself."""
    flags = re.search(r"^flags\s*:(.*)$", _read(Path("/proc/cpuinfo")), re.MULTILINE)
    command_line = shutil.which("hailortcli") or ""
    asked = ask([command_line, "--version"], TOOL_SECONDS).text if command_line else ""
    modinfo = shutil.which("modinfo") or shutil.which("modinfo", path="/usr/sbin:/sbin")
    installed = ask([modinfo, "-F", "version", "hailo_pci"], TOOL_SECONDS) if modinfo else None
    existing = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    return Machine(
        processor=platform.machine(),
        processor_flags=frozenset(flags[1].split() if flags else ()),
        memory_bytes=memory_bytes(),
        free_disk_bytes=shutil.disk_usage(existing).free,
        folder=str(existing),
        device_files=tuple(sorted(str(path) for path in Path("/dev").glob("hailo*"))),
        driver=_read(Path("/sys/module/hailo_pci/version")).strip(),
        driver_installed=installed.text.strip() if installed and not installed.problem else "",
        command_line=command_line,
        command_line_version=version_in(asked),
    )


def version_in(text: str) -> str:
    """Return the first version number in a text, empty where there is none.

    >>> version_in("HailoRT-CLI version 4.23.0")
    '4.23.0'
    """
    found = re.search(r"\d+\.\d+(\.\d+)*", text)
    return found[0] if found else ""


def _package(python: Path, name: str, installed: bool) -> VendorPackage:
    if not installed:
        return VendorPackage()
    told = question(python, name)
    return VendorPackage(True, str(told.get("version", "")), str(told.get("problem", "")))


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
