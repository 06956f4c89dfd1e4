"""Layers that the allocator finds no place for."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="agent-infeasible",
    patterns=(r"Agent infeasible",),
    cause="the allocator finds no place for a layer: recorded where rows (width x features) are 512,000 "
    "bytes and more",
    rule="row-too-wide",
    commands=(
        next_commands.CHECK,
        next_commands.EXPORT_TALL,
    ),
    rung="contexts",
)
