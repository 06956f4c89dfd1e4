"""Made-up machines and environments for the doctor."""

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
    """Return a machine that is fit for the compiler and has no device."""
    defaults: dict[str, Any] = {
        "processor": "x86_64",
        "processor_flags": frozenset({"avx"}),
        "memory_bytes": 32_000_000_000,
        "free_disk_bytes": 100_000_000_000,
        "folder": "/build",
    }
    return Machine(**defaults | changes)


def environment(compiler: str = "", runtime: str = "", **changes: Any) -> Environment:
    """Return an environment with all that its half needs, and these versions of the vendor's packages."""
    defaults: dict[str, Any] = {
        "name": "to-hailo-env",
        "python": "/env/bin/python",
        "python_version": "3.10.13",
        "packages": PACKAGES,
        "dfc": VendorPackage(bool(compiler), compiler),
        "hailort": VendorPackage(bool(runtime), runtime),
    }
    return Environment(**defaults | changes)


def facts(*environments: Environment, **changes: Any) -> Facts:
    """Return the facts about a machine with these environments."""
    return Facts(environments, machine(**changes))
