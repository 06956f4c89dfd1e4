"""Find the chips: every module of the ``chips`` folder holds one, as ``CHIP``."""

from __future__ import annotations

import importlib
import pkgutil

from tasnet2hef.errors import OptionError
from tasnet2hef.hardware import chips
from tasnet2hef.hardware.chip import Chip


def chip_names() -> tuple[str, ...]:
    """Return the names of the chips whose numbers are known."""
    return tuple(sorted(found.name for found in pkgutil.iter_modules(chips.__path__)))


def load_chip(name: str) -> Chip:
    """Return a chip by the compiler's name for it (its `hw_arch`)."""
    if name not in chip_names():
        raise OptionError(f"--hw {name}: no such chip; expected one of {', '.join(chip_names())}")
    chip = importlib.import_module(f"{chips.__name__}.{name}").CHIP
    assert isinstance(chip, Chip)
    return chip
