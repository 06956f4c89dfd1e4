"""Rows that the allocator would have to cut, and can't."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="reshape-needed",
    patterns=(
        r"Reshape is needed for layers",
        r"adding a reshape has failed",
    ),
    cause="rows are too wide for the units, and the allocator could not cut them",
    rule="row-too-wide",
    commands=(
        next_commands.CHECK,
        next_commands.EXPORT_TALL,
    ),
    rung="window",
)
