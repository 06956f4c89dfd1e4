"""Find the modules of a package, so that a new format is a new file and nothing else."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def modules_of(package: ModuleType) -> list[ModuleType]:
    """Import every module directly in ``package``, in the order of their names."""
    names = sorted(entry.name for entry in pkgutil.iter_modules(package.__path__))
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]
