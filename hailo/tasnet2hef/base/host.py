"""What this machine has: system, processor, memory, disk. Standard library only: known before any install."""

from __future__ import annotations

import os
import platform
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_CONTAINER_LIMIT: Final = Path("/sys/fs/cgroup/memory.max")


@dataclass(frozen=True)
class Host:
    """A machine. Sizes in bytes; ``folder`` is where the free disk space was measured."""

    system: str
    """Name and version, such as `Ubuntu 22.04.4 LTS`."""
    processor: str
    processor_flags: frozenset[str]
    memory_bytes: int
    free_disk_bytes: int
    folder: str


def read_host(folder: Path) -> Host:
    """Return what this machine has; ``folder``, which need not exist yet, is where results would be written."""
    existing = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.exists())
    flags = re.search(r"^flags\s*:(.*)$", read_text(Path("/proc/cpuinfo")), re.MULTILINE)
    return Host(
        system_name(),
        platform.machine(),
        frozenset(flags[1].split() if flags else ()),
        memory_bytes(),
        shutil.disk_usage(existing).free,
        str(existing),
    )


def system_name() -> str:
    """Return the name and version of the Linux distribution, else those of the system."""
    name = re.search(r'^PRETTY_NAME="?([^"\n]+)', read_text(Path("/etc/os-release")), re.MULTILINE)
    return name[1] if name else f"{platform.system()} {platform.release()}"


def memory_bytes() -> int:
    """Return the memory of this machine, or the limit of the container it runs in if that is lower."""
    physical = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        return min(physical, int(_CONTAINER_LIMIT.read_text()))
    except (OSError, ValueError):  # no container, or one without a limit ("max")
        return physical


def read_text(path: Path) -> str:
    """Return a file's text, empty where it can't be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
