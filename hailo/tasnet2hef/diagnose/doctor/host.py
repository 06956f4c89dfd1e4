"""``python -m tasnet2hef.diagnose.doctor.host FOLDER``: whether a bundle can be compiled here, one line a fact.

A bundle's ``compile.sh`` runs it from the wheel before anything is installed: standard library only.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from tasnet2hef.base.host import read_host
from tasnet2hef.base.outcome import ERROR, OK
from tasnet2hef.diagnose.doctor.diagnosis import Diagnosis
from tasnet2hef.diagnose.doctor.facts import Facts, Machine
from tasnet2hef.diagnose.doctor.topics.machine import LEAST_MEMORY_BYTES, diagnose, runs_compiler

PYTHONS: Final = ((3, 10), (3, 12))
"""The oldest and the newest that the compiler runs with (documented for DFC 3.33)."""
DOCKER_SYSTEM: Final = "Ubuntu 22.04"
"""The system that the bundle's Dockerfile takes."""


def main(arguments: list[str]) -> int:
    """Print what this machine has; return 1 if the compiler can't run here, else 0."""
    host = read_host(Path(arguments[0] if arguments else "."))
    found = list(examine(Machine(**vars(host)), sys.version_info[:2]))
    for each in found:
        advice = f"; {each.advice}" if each.advice else ""
        print(f"{each.what}: {'' if each.status == OK else f'{each.status}: '}{each.found}{advice}")
    return int(any(each.status == ERROR for each in found))


def examine(machine: Machine, python: tuple[int, int]) -> Iterator[Diagnosis]:
    """Diagnose system, Python, processor, memory and disk; ``error`` where no compile can end well."""
    advice = (
        "" if DOCKER_SYSTEM in machine.system else f"if the compiler fails, use the Dockerfile ({DOCKER_SYSTEM})"
    )
    yield Diagnosis("system", OK, machine.system, advice)
    if PYTHONS[0] <= python <= PYTHONS[1]:
        yield Diagnosis("Python", OK, platform.python_version())
    else:
        found = f"found {python[0]}.{python[1]}, expected 3.10 to 3.12"
        yield Diagnosis("Python", ERROR, found, "install one, or give it: PYTHON=path ./compile.sh")
    hopeless = {
        *(() if runs_compiler(machine) else ("processor",)),
        *(() if machine.memory_bytes >= LEAST_MEMORY_BYTES else ("memory",)),
    }
    for each in diagnose(Facts((), machine)):
        yield replace(each, status=ERROR) if each.what in hopeless else each


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
