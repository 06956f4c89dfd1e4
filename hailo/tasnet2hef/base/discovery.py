"""Finds the modules of a package: a new rule, operator, format or command needs one new file and no list entry."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def modules_of(package: ModuleType) -> list[ModuleType]:
    """Import every module directly in ``package``, without its sub-packages; return them sorted by name."""
    names = sorted(entry.name for entry in pkgutil.iter_modules(package.__path__) if not entry.ispkg)
    return [importlib.import_module(f"{package.__name__}.{name}") for name in names]
