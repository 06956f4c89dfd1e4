"""A reshape whose target is computed."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="dynamic-reshape",
    patterns=(r"is_windows_to_input_chain_end",),
    cause="a reshape whose target sizes are computed in the graph",
    rule="dynamic-reshape",
    commands=(
        next_commands.PATCH,
        next_commands.CHECK,
    ),
)
