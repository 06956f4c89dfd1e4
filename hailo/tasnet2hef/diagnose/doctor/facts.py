"""What was found on this machine, before anything of it is judged."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class VendorPackage:
    """A package of the vendor's in an environment: not there, there and of a version, or there and broken."""

    installed: bool = False
    version: str = ""
    """Empty where it is not installed, does not start, or does not say."""
    problem: str = ""
    """Why it does not start; empty where it does."""


@dataclass(frozen=True)
class Environment:
    """One Python. ``packages`` are installed versions by name, None for what is not installed."""

    name: str
    python: str
    python_version: str = ""
    """Empty where there is no such Python, or it does not start."""
    packages: Mapping[str, str | None] = field(default_factory=dict)
    compiler: VendorPackage = field(default_factory=VendorPackage)
    runtime: VendorPackage = field(default_factory=VendorPackage)
    devices: tuple[str, ...] = ()
    """Ids that the runtime opened."""
    device_problem: str = ""
    problem: str = ""
    """Why the Python does not start; empty where it does, or where there is none."""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {
            "name": self.name,
            "python": self.python,
            "python_version": self.python_version,
            "packages": dict(self.packages),
            "dfc": vars(self.compiler).copy(),
            "hailort": vars(self.runtime).copy(),
            "devices": list(self.devices),
            "device_problem": self.device_problem,
            "problem": self.problem,
        }


@dataclass(frozen=True)
class Machine:
    """The hardware, and what of the vendor's lies outside of any Python. Sizes in bytes."""

    processor: str
    processor_flags: frozenset[str]
    memory_bytes: int
    free_disk_bytes: int
    folder: str
    """Where the free disk space was asked for."""
    device_files: tuple[str, ...] = ()
    driver: str = ""
    """Version of the loaded kernel module; empty where none is loaded."""
    driver_installed: str = ""
    """Version of the kernel module that could be loaded; empty where there is none."""
    command_line: str = ""
    """Path of ``hailortcli``; empty where it is not on the PATH."""
    command_line_version: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; the processor's flags are left out."""
        told = {name: value for name, value in vars(self).items() if name != "processor_flags"}
        return {**told, "device_files": list(self.device_files)}


@dataclass(frozen=True)
class Facts:
    """All of it."""

    environments: tuple[Environment, ...]
    machine: Machine

    @property
    def compiler(self) -> str:
        """Return the version of the first compiler that starts; empty where none does."""
        return next((each.compiler.version for each in self.environments if each.compiler.version), "")

    @property
    def runtimes(self) -> tuple[tuple[str, str], ...]:
        """Return the versions of the device's runtime by place."""
        found = [(each.name, each.runtime.version) for each in self.environments if each.runtime.version]
        told = self.machine.command_line_version
        return (*found, *([("hailortcli", told)] if told else []))
