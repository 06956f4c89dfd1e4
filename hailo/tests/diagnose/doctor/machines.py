"""Machines and environments for the doctor, written down."""

from __future__ import annotations

from typing import Any

from tasnet2hef.diagnose.doctor.facts import Environment, Facts, Machine, VendorPackage

PACKAGES = {
    "tasnet2hef": "0.1.0",
    "numpy": "1.26.4",
    "onnx": "1.16.0",
    "onnxruntime": "1.18.0",
    "protobuf": "3.20.3",
}


def machine(**changes: Any) -> Machine:
    """Return a fair machine without a device."""
    plain: dict[str, Any] = {
        "processor": "x86_64",
        "processor_flags": frozenset({"avx"}),
        "memory_bytes": 32_000_000_000,
        "free_disk_bytes": 100_000_000_000,
        "folder": "/build",
    }
    return Machine(**plain | changes)


def environment(compiler: str = "", runtime: str = "", **changes: Any) -> Environment:
    """Return an environment that holds what its half needs, and the given versions of the vendor's packages."""
    plain: dict[str, Any] = {
        "name": "to-hailo-env",
        "python": "/env/bin/python",
        "python_version": "3.10.13",
        "packages": PACKAGES,
        "compiler": VendorPackage(bool(compiler), compiler),
        "runtime": VendorPackage(bool(runtime), runtime),
    }
    return Environment(**plain | changes)


def facts(*environments: Environment, **changes: Any) -> Facts:
    """Return what was found."""
    return Facts(environments, machine(**changes))
