"""The options of a simulation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tasnet2hef.base.errors import OptionError
from tasnet2hef.quantize.number_format import MODES
from tasnet2hef.quantize.plots import require_plots
from tasnet2hef.quantize.precision_search import DEFAULT_TARGET_DB
from tasnet2hef.quantize.simulator import Preparation


@dataclass(frozen=True)
class SimulationOptions:
    """What to simulate. ``precisions`` maps layer names or globs to modes such as ``a16_w16``.

    Each layer and each set of layers is measured on ``windows`` windows; ``relieve`` of the worst layers are also
    measured in float while all others stay at 8 bits. ``quick`` leaves out the analysis and the search.
    """

    preparation: Preparation = field(default_factory=Preparation)
    target_db: float = DEFAULT_TARGET_DB
    windows: int = 8
    relieve: int = 10
    quick: bool = False
    precisions: Mapping[str, str] = field(default_factory=dict)
    optimization_level: int | None = None
    user_script: Path | None = None
    plots: str | None = None
    fresh: bool = False
    force: bool = False
    """Replace files that another run, or the user, made."""


def require_options(options: SimulationOptions) -> None:
    """Check what can be checked before any work is done.

    Raises:
        OptionError: a number is out of range, a mode is not known, or an optional package is missing.
    """
    if not 0 < options.target_db <= 20:
        raise OptionError(f"target: found {options.target_db} dB, expected more than 0 and at most 20")
    if options.windows < 1:
        raise OptionError(f"windows: found {options.windows}, expected 1 or more")
    if options.relieve < 0:
        raise OptionError(f"relieve: found {options.relieve}, expected 0 or more")
    if options.optimization_level is not None and not -100 <= options.optimization_level <= 4:
        raise OptionError(f"optimization level: found {options.optimization_level}, expected 0 to 4, or -100")
    for layer, mode in options.precisions.items():
        if mode not in MODES:
            raise OptionError(f"--set {layer}={mode}: found {mode!r}, expected one of {', '.join(MODES)}")
    if options.plots is not None:
        require_plots(options.plots)
