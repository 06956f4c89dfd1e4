"""How good an agreement in dB is: one verdict for every figure, and the evidence for its limits.

Agreement is the power of the expected output over that of the error. For a net at 8 bits the limits rest on
measurements: nets of 9.5 and 8.8 dB SI-SDR on a mixture of two voices, simulated with several calibration sets,
ranges and bit widths, lost

=========  ===========================  ====
agreement  loss of SI-SDR               here
=========  ===========================  ====
24 to 27   0.05 to 0.22 dB              good
17.7       0.78 dB                      usable
14.1       1.25 dB                      broken
12 to 13   1.7 to 2.4 dB                broken
below 10   2.5 dB and more              broken
=========  ===========================  ====

which is what independent noise costs, ``10 log10(1 + 10^((S - A) / 10))`` for SI-SDR S and agreement A: 0.4 dB at
20 dB and 1.2 dB at 15 dB for a net of 10 dB.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final, Literal

from tasnet2hef.base.outcome import ERROR, OK, WARNING, Status
from tasnet2hef.base.parity import REFUSED_BELOW_DB

Verdict = Literal["good", "usable", "broken"]
"""``usable``: it separates, with a loss that can be heard; ``broken``: not to be compiled or shipped as it is."""

GOOD: Final = "good"
USABLE: Final = "usable"
BROKEN: Final = "broken"

FLOAT_FLOOR_DB: Final = REFUSED_BELOW_DB
"""A float graph below it would not have been exported."""
GOOD_FROM_DB: Final = 20.0
BROKEN_BELOW_DB: Final = 15.0
"""Limits for 8 bits, simulated or on a device."""
DEVICE_SLACK_DB: Final = 6.0
"""Set by judgement: how far a device may be below the simulation of its own 8 bits, which is not bit-exact."""
EMULATOR_FLOORS_DB: Final[Mapping[str, float]] = {"native": 60.0, "optimised": 40.0, "quantised": 10.0}
"""Limits for the vendor's emulator, by mode, set by judgement: both float modes should differ by rounding and
folding only; at 10 dB a tenth of a quantised output's power is error, and it is mapped wrongly or destroyed."""

GOOD_BELOW_LOSS_DB: Final = 0.5
"""Set by judgement: hardly anybody hears it; about what constants in place of gLN cost the demo net."""
BROKEN_FROM_LOSS_DB: Final = 1.5
"""Set by judgement: twice what 17.7 dB of agreement cost; training wins most of such a loss back."""

STATUS: Final[Mapping[Verdict, Status]] = {GOOD: OK, USABLE: WARNING, BROKEN: ERROR}


def verdict_of(agreement_db: float) -> Verdict:
    """Return the verdict on a net at 8 bits; what is no number is broken.

    >>> verdict_of(24.6), verdict_of(16.2), verdict_of(-6.7), verdict_of(float("nan"))
    ('good', 'usable', 'broken', 'broken')
    """
    if agreement_db >= GOOD_FROM_DB:
        return GOOD
    return USABLE if agreement_db >= BROKEN_BELOW_DB else BROKEN


def verdict_of_loss(lost_db: float) -> Verdict:
    """Return the verdict on a loss of SI-SDR against the original; what is no number is broken.

    >>> verdict_of_loss(-0.1), verdict_of_loss(0.8), verdict_of_loss(1.5), verdict_of_loss(float("nan"))
    ('good', 'usable', 'broken', 'broken')
    """
    if lost_db < GOOD_BELOW_LOSS_DB:
        return GOOD
    return USABLE if lost_db < BROKEN_FROM_LOSS_DB else BROKEN


def worst_of(*verdicts: Verdict) -> Verdict:
    """Return the worst of some verdicts.

    >>> worst_of("good", "usable", "good")
    'usable'
    """
    return max(verdicts, key=list(STATUS).index)


def in_words(agreement_db: float) -> str:
    """Return a figure with its verdict and the limit beside it.

    >>> in_words(16.24)
    '16.2 dB: usable (good from 20 dB, broken below 15 dB)'
    """
    limits = f"good from {GOOD_FROM_DB:.0f} dB, broken below {BROKEN_BELOW_DB:.0f} dB"
    return f"{agreement_db:.1f} dB: {verdict_of(agreement_db)} ({limits})"


def expected_loss_db(agreement_db: float, si_sdr_db: float = 10.0) -> float:
    """Return the loss of SI-SDR that noise at this agreement costs a net of that SI-SDR.

    >>> round(expected_loss_db(15.0), 1)
    1.2
    """
    return 10 * math.log10(1 + 10 ** ((si_sdr_db - agreement_db) / 10))
