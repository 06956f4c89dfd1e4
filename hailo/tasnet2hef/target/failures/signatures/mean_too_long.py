"""A mean over more positions than the unit can divide by."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="mean-too-long",
    patterns=(
        r"NegativeSlopeExponentNonFixable",
        r"Desired shift is [\d.]+, but op has only",
    ),
    cause="a layer's slope needs a larger shift than the unit has bits: a mean over too many positions, or"
    " calibration data that is not at the model's level",
    rule="mean-too-long",
    commands=(
        next_commands.CHECK,
        next_commands.CALIBRATE,
    ),
)
