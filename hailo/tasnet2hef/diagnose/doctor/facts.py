"""Facts about this machine, before any of them is diagnosed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tasnet2hef.base.plain import plain


@dataclass(frozen=True)
class VendorPackage:
    """A package of the vendor's in an environment: not installed, installed with a version, or broken."""

    installed: bool = False
    version: str = ""
    """Empty where it is not installed, can't be imported, or has no version."""
    problem: str = ""
    """Why it can't be imported; empty where it can."""


@dataclass(frozen=True)
class Environment:
    """One Python. ``packages`` are installed versions by name, None for what is not installed."""

    name: str
    python: str
    python_version: str = ""
    """Empty where there is no such Python, or it does not start."""
    packages: Mapping[str, str | None] = field(default_factory=dict)
    dfc: VendorPackage = field(default_factory=VendorPackage)
    hailort: VendorPackage = field(default_factory=VendorPackage)
    devices: tuple[str, ...] = ()
    """Ids that the runtime opened."""
    device_problem: str = ""
    problem: str = ""
    """Why the Python does not start; empty where it does, or where there is none."""


@dataclass(frozen=True)
class Machine:
    """The hardware, and the vendor's software outside of any Python. Sizes in bytes."""

    processor: str
    processor_flags: frozenset[str]
    memory_bytes: int
    free_disk_bytes: int
    folder: str
    """Where the free disk space was measured."""
    system: str = ""
    """Name and version of the distribution or system."""
    device_files: tuple[str, ...] = ()
    driver: str = ""
    """Version of the loaded kernel module; empty where none is loaded."""
    driver_module: str = ""
    """Name of that module: `hailo_pci` of HailoRT 4, `hailo1x_pci` or `hailo1x` of HailoRT 5."""
    driver_installed: str = ""
    """Version of the kernel module that could be loaded; empty where there is none."""
    command_line: str = ""
    """Path of ``hailortcli``; empty where it is not on the PATH."""
    command_line_version: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, without the processor's flags."""
        return {name: plain(value) for name, value in vars(self).items() if name != "processor_flags"}


@dataclass(frozen=True)
class Facts:
    """All facts: every Python that was probed, and the machine."""

    environments: tuple[Environment, ...]
    machine: Machine

    @property
    def compiler(self) -> str:
        """Return the version of the first compiler that can be imported; empty where none can."""
        return next((each.dfc.version for each in self.environments if each.dfc.version), "")

    @property
    def runtimes(self) -> tuple[tuple[str, str], ...]:
        """Return place and version of every HailoRT here: in the environments, and of ``hailortcli``."""
        places = [(each.name, each.hailort.version) for each in self.environments if each.hailort.version]
        version = self.machine.command_line_version
        return (*places, *([("hailortcli", version)] if version else []))
