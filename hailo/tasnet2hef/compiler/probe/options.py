"""The options of a probe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from tasnet2hef.target.known import DEFAULT_CHIP

LIMITS: Final[Mapping[str, float]] = {"versions": 300.0, "translate": 600.0, "optimize": 1200.0, "compile": 1800.0}
"""Seconds that a stage of one case may take."""


@dataclass(frozen=True)
class ProbeOptions:
    """A probe's options; ``only`` names rules and operators, with commas between; ``seconds`` is the budget."""

    folder: Path
    hardware: str = DEFAULT_CHIP
    only: str = ""
    seconds: float = 3600.0
    python: str = ""
    limits: Mapping[str, float] = field(default_factory=lambda: LIMITS)
    force: bool = False
    """Write into a folder that holds other things."""
    memory_limit_bytes: int = 0
    """Memory that a stage may use; 0 for nine tenths of the machine's."""
    scheduler: str = ""
    """Address of the Dask scheduler whose workers have the compiler; empty: this machine has it."""
