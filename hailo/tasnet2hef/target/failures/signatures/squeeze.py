"""An axis that is taken away between layers."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="squeeze",
    patterns=(r"UnexpectedNodeError[^\n]*Squeeze",),
    cause="an axis is taken away or added between layers",
    rule="squeeze-between-layers",
    commands=(
        next_commands.PATCH,
        next_commands.CHECK,
    ),
)
