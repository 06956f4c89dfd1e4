"""Finds the modules of a package, so that a new rule, operator, format or command is one new file and no list."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def modules_of(package: ModuleType) -> list[ModuleType]:
    """Import every module directly in ``package``, without its sub-packages; return them sorted by name."""
    names = sorted(entry.name for entry in pkgutil.iter_modules(package.__path__) if not entry.ispkg)
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]
