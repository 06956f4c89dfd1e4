"""Answers questions about the Python that runs it.

Called as ``python -m tasnet2hef.diagnose.doctor.probe QUESTION [PACKAGE ...]``.

It runs in whatever environment is asked, so it imports nothing but the standard library, and the vendor's packages
where they are the question.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import json
import os
import platform
import sys
from collections.abc import Callable
from typing import Any

MARK = "tasnet2hef-doctor: "
"""In front of the answer: the vendor's packages print lines of their own."""
COMPILER, RUNTIME = "hailo_sdk_client", "hailo_platform"


def inventory(packages: list[str]) -> dict[str, Any]:
    """Return the Python's version, the packages' versions, and which of the vendor's are there (not imported)."""
    return {
        "python_version": platform.python_version(),
        "packages": {name: _version(name) for name in packages},
        "vendor": [name for name in (COMPILER, RUNTIME) if importlib.util.find_spec(name) is not None],
    }


def compiler(_packages: list[str]) -> dict[str, Any]:
    """Import the compiler, which is the only proof that it works."""
    return {"version": str(getattr(importlib.import_module(COMPILER), "__version__", ""))}


def runtime(_packages: list[str]) -> dict[str, Any]:
    """Import the device's runtime."""
    return {"version": str(getattr(importlib.import_module(RUNTIME), "__version__", ""))}


def devices(_packages: list[str]) -> dict[str, Any]:
    """Open a device for a moment, as HailoRT 4.23 has it (recorded: VDevice, get_physical_devices_ids)."""
    with importlib.import_module(RUNTIME).VDevice() as device:
        return {"devices": [str(each) for each in device.get_physical_devices_ids()]}


QUESTIONS: dict[str, Callable[[list[str]], dict[str, Any]]] = {
    "inventory": inventory,
    "compiler": compiler,
    "runtime": runtime,
    "devices": devices,
}


def main(arguments: list[str]) -> int:
    """Answer a question on stdout."""
    question, *packages = arguments
    try:
        answer = QUESTIONS[question](packages)
    except Exception as error:  # the vendor's errors share no base class
        answer = {"problem": f"{type(error).__name__}: {error}"}
    print(f"\n{MARK}{json.dumps(answer)}", flush=True)
    return 0


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    code = main(sys.argv[1:])
    os._exit(code)  # the answer is given: the vendor's threads can't hold it up now
