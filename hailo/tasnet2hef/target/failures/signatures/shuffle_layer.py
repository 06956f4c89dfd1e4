"""A reshape or transpose that is no layer."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="shuffle-layer",
    patterns=(
        r"UnsupportedShuffleLayerError",
        r"Invalid position of 0",
    ),
    cause="a reshape or transpose that moves data between axes in a way that the chip has no layer for",
    rule="general-reshape",
    commands=(
        next_commands.CHECK,
        next_commands.EXPORT_TALL,
    ),
)
