"""Probes the Python that runs it, and prints the result as JSON.

Called as ``python -m tasnet2hef.diagnose.doctor.probe PROBE [PACKAGE ...]``.

It runs in any environment, so it imports nothing but the standard library, and the vendor's packages where it
probes them.
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
"""Precedes the result, because the vendor's packages print lines of their own."""
COMPILER, RUNTIME = "hailo_sdk_client", "hailo_platform"


def inventory(packages: list[str]) -> dict[str, Any]:
    """Return the Python's version, the packages' versions, and which of the vendor's are installed."""
    return {
        "python_version": platform.python_version(),
        "packages": {name: _version(name) for name in packages},
        "vendor": [name for name in (COMPILER, RUNTIME) if importlib.util.find_spec(name) is not None],
    }


def compiler(_packages: list[str]) -> dict[str, Any]:
    """Return the compiler's version; importing it is the only proof that it works."""
    return {"version": str(getattr(importlib.import_module(COMPILER), "__version__", ""))}


def runtime(_packages: list[str]) -> dict[str, Any]:
    """Return the version of the device's runtime, by importing it."""
    return {"version": str(getattr(importlib.import_module(RUNTIME), "__version__", ""))}


def devices(_packages: list[str]) -> dict[str, Any]:
    """Return the devices' ids, by opening one for a moment, which needs no scheduler as no program runs on it.

    VDevice and get_physical_devices_ids are recorded for HailoRT 4.23.
    """
    with importlib.import_module(RUNTIME).VDevice() as device:
        return {"devices": [str(each) for each in device.get_physical_devices_ids()]}


PROBES: dict[str, Callable[[list[str]], dict[str, Any]]] = {
    "inventory": inventory,
    "compiler": compiler,
    "runtime": runtime,
    "devices": devices,
}


def main(arguments: list[str]) -> int:
    """Run a probe and print its result."""
    name, *packages = arguments
    try:
        result = PROBES[name](packages)
    except Exception as error:  # the vendor's errors share no base class
        result = {"problem": f"{type(error).__name__}: {error}"}
    print(f"\n{MARK}{json.dumps(result)}", flush=True)
    return 0


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


if __name__ == "__main__":
    code = main(sys.argv[1:])
    os._exit(code)  # the result is printed; don't wait for the vendor's threads
