"""What one stage came to, and from where on it counts as broken."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.parity import REFUSED_BELOW_DB, compare_sources

Outcome = Literal["good", "broken", "not run"]

FLOAT_FLOOR_DB: Final = REFUSED_BELOW_DB
"""A float graph below it would not have been exported."""
QUANTISED_FLOOR_DB: Final = 15.0
"""Set by judgement: the demo network keeps 24.6 dB of agreement at 8 bits and loses 0.1 dB of SI-SDR."""
DEVICE_SLACK_DB: Final = 6.0
"""Set by judgement: what a device may lie below the simulation of its own 8 bits, which is not bit-exact."""


@dataclass(frozen=True)
class Stage:
    """One stage: its agreement with the original in dB (worst source of the worst clip), and what is expected."""

    name: str
    file: str
    outcome: Outcome
    agreement_db: float | None = None
    floor_db: float | None = None
    reason: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        level = None if self.agreement_db is None else round(self.agreement_db, 2)
        return {**vars(self), "agreement_db": level}


def judge(name: str, file: str, expected: Samples, found: Samples, floor_db: float) -> Stage:
    """Compare ``[clip, source, sample]``."""
    samples = expected.shape[-1]
    level = compare_sources(name, expected.reshape(-1, samples), found.reshape(-1, samples)).db
    if level >= floor_db:
        return Stage(name, file, "good", level, floor_db)
    return Stage(name, file, "broken", level, floor_db, _cause(expected, found, floor_db))


def device_floor_db(simulated: Stage | None) -> float:
    """Return what a device must reach, given the simulation of its bits where there is one.

    >>> device_floor_db(None)
    15.0
    """
    if simulated is None or simulated.agreement_db is None:
        return QUANTISED_FLOOR_DB
    return max(QUANTISED_FLOOR_DB, simulated.agreement_db - DEVICE_SLACK_DB)


def _cause(expected: Samples, found: Samples, floor_db: float) -> str:
    """Name the ways to be wrong that can be told from the numbers alone."""
    if not np.isfinite(found).all():
        return "it returned NaN or infinite samples"
    if not found.any():
        return "it returned nothing but zeros: the program was not run (not activated, or another one's memory)"
    turned = np.roll(found, 1, axis=1)
    if compare_sources("", *(each.reshape(-1, each.shape[-1]) for each in (expected, turned))).db >= floor_db:
        return "the sources come in another order: outputs are mapped wrongly"
    gain = float(np.vdot(expected, found)) / max(float(np.vdot(expected, expected)), 1e-30)
    if (
        compare_sources("", *(each.reshape(-1, each.shape[-1]) for each in (gain * expected, found))).db
        >= floor_db
    ):
        return f"the sources come {20 * np.log10(max(abs(gain), 1e-12)):.1f} dB off: a scale is wrong"
    return "the sources are others"
