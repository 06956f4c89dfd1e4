"""The comparison of one form of a net with the original, and the agreement below which it is an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.outcome import ERROR, OK, Status
from tasnet2hef.base.parity import REFUSED_BELOW_DB, compare_sources
from tasnet2hef.base.plain import plain

FLOAT_FLOOR_DB: Final = REFUSED_BELOW_DB
"""A float graph below it would not have been exported."""
QUANTISED_FLOOR_DB: Final = 15.0
"""Set by judgement: the demo network keeps 24.6 dB of agreement at 8 bits and loses 0.1 dB of SI-SDR."""
DEVICE_SLACK_DB: Final = 6.0
"""Set by judgement: how far a device may be below the simulation of its own 8 bits, which is not bit-exact."""


@dataclass(frozen=True)
class Comparison:
    """Agreement with the original in dB (worst source of the worst clip), and the minimum expected."""

    name: str
    file: str
    status: Status
    agreement_db: float | None = None
    floor_db: float | None = None
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        level = None if self.agreement_db is None else round(self.agreement_db, 2)
        return {**plain(self), "agreement_db": level}


def compare(name: str, file: str, expected: Samples, separated: Samples, floor_db: float) -> Comparison:
    """Compare ``[clip, source, sample]``."""
    level = _agreement_db(expected, separated)
    if level >= floor_db:
        return Comparison(name, file, OK, level, floor_db)
    return Comparison(name, file, ERROR, level, floor_db, _cause(expected, separated, floor_db))


def device_floor_db(simulated: Comparison | None) -> float:
    """Return the minimum agreement of a device, from the simulation at its bit width if there is one.

    >>> device_floor_db(None)
    15.0
    """
    if simulated is None or simulated.agreement_db is None:
        return QUANTISED_FLOOR_DB
    return max(QUANTISED_FLOOR_DB, simulated.agreement_db - DEVICE_SLACK_DB)


def _agreement_db(expected: Samples, separated: Samples) -> float:
    return compare_sources("", *(each.reshape(-1, each.shape[-1]) for each in (expected, separated))).db


def _cause(expected: Samples, separated: Samples, floor_db: float) -> str:
    """Return the cause of an error, as far as the samples alone show it."""
    if not np.isfinite(separated).all():
        return "it returned NaN or infinite samples"
    if not separated.any():
        return "it returned nothing but zeros: the program did not run (not activated, or has another's memory)"
    if _agreement_db(expected, np.roll(separated, 1, axis=1)) >= floor_db:
        return "the sources are in a different order: outputs are mapped wrongly"
    gain = float(np.vdot(expected, separated)) / max(float(np.vdot(expected, expected)), 1e-30)
    if _agreement_db(gain * expected, separated) >= floor_db:
        return f"the sources are {20 * np.log10(max(abs(gain), 1e-12)):.1f} dB off: a scale is wrong"
    return "the sources differ"
