"""Finds the chips: every module of the ``chips`` folder holds one, as ``CHIP``."""

from __future__ import annotations

from typing import Final

from tasnet2hef.base.discovery import modules_of
from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.text import nearest
from tasnet2hef.target.known import chips
from tasnet2hef.target.known.chip import Chip

DEFAULT_CHIP: Final = "hailo8"
"""The chip that is used if none is named."""


def chip_names() -> tuple[str, ...]:
    """Return the names of the chips whose numbers are known."""
    return tuple(_chips())


def load_chip(name: str) -> Chip:
    """Return a chip by the compiler's name for it (its `hw_arch`)."""
    known = _chips()
    if name not in known:
        hint = nearest(name, known)
        raise OptionError(
            f"--hw {name}: no such chip; expected one of {', '.join(known)}{f'; {hint}' if hint else ''}"
        )
    return known[name]


def _chips() -> dict[str, Chip]:
    return {module.CHIP.name: module.CHIP for module in modules_of(chips)}
