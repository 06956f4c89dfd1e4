"""The comparison of one form of a net with the original, and the agreement below which it is an error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from tasnet2hef.audio.samples import Samples
from tasnet2hef.base.agreement import BROKEN_BELOW_DB, DEVICE_SLACK_DB, FLOAT_FLOOR_DB, STATUS, verdict_of
from tasnet2hef.base.outcome import ERROR, OK, Status
from tasnet2hef.base.parity import compare_sources, signal_to_error_db
from tasnet2hef.base.plain import plain

SAME_SOURCES: Final = 0.7
"""Correlation from which an output is the original's, with noise: at 0.7 there is as much of either. Other speech,
and another net's output, correlate by less than 0.2 (measured)."""


@dataclass(frozen=True)
class Comparison:
    """Agreement with the original in dB (worst source of the worst clip), and the minimum expected."""

    name: str
    file: str
    status: Status
    agreement_db: float | None = None
    floor_db: float | None = None
    reason: str = ""
    calibration: str = ""
    """The calibration set of a simulation, and the model that it was made for."""

    @property
    def title(self) -> str:
        """What was compared; a simulation names its calibration set."""
        return f"{self.name} with {self.calibration}" if self.calibration else self.name

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values."""
        level = None if self.agreement_db is None else round(self.agreement_db, 2)
        return {**plain(self), "agreement_db": level}


def compare(name: str, file: str, expected: Samples, separated: Samples, floor_db: float) -> Comparison:
    """Compare ``[clip, source, sample]``; below the float floor a usable agreement is a warning."""
    level = _agreement_db(expected, separated)
    if level >= floor_db:
        status = OK if floor_db >= FLOAT_FLOOR_DB else STATUS[verdict_of(level)]
        return Comparison(name, file, status, level, floor_db)
    return Comparison(name, file, ERROR, level, floor_db, _cause(expected, separated, floor_db))


def device_floor_db(simulated: Comparison | None) -> float:
    """Return the minimum agreement of a device, from the simulation at its bit width if there is one.

    >>> device_floor_db(None)
    15.0
    """
    if simulated is None or simulated.agreement_db is None:
        return BROKEN_BELOW_DB
    return max(BROKEN_BELOW_DB, simulated.agreement_db - DEVICE_SLACK_DB)


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
    if correlation(expected, separated) >= SAME_SOURCES:
        noise_db = signal_to_error_db(gain * expected, separated)
        return (
            f"the right sources, with noise {noise_db:.1f} dB below them: the ranges don't suit; calibrate "
            "again with mixtures (`--mix` as many as there are sources), or give layers 16 bits (`simulate`)"
        )
    return "the sources differ: another model's output, or a broken graph"


def correlation(expected: Samples, separated: Samples) -> float:
    """Return the lowest correlation of a source with the original's over all clips, 0 to 1."""
    pairs = zip(expected.swapaxes(0, 1), separated.swapaxes(0, 1), strict=True)
    return min(_correlation(truth.ravel(), estimate.ravel()) for truth, estimate in pairs)


def _correlation(truth: Samples, estimate: Samples) -> float:
    norm = float(np.linalg.norm(truth)) * float(np.linalg.norm(estimate))
    return float(np.vdot(truth, estimate)) / norm if norm > 0 else 0.0
