"""A constant that is made in the graph."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="constant-of-shape",
    patterns=(r"in parse_raw_data",),
    cause="a constant that a node makes is taken for a stored one",
    rule="constant-of-shape",
    commands=(
        next_commands.PATCH,
        next_commands.CHECK,
    ),
)
