"""A PReLU whose slope was spread over all pairs of channels."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="prelu-slope",
    patterns=(r"Unsupported dimensions[^\n]*\[-1, *\d+, *\d+, *\d{6,}\]",),
    cause="a PReLU slope of one axis was read as channels x channels",
    rule="prelu-slope-rank",
    commands=(
        next_commands.PATCH,
        next_commands.CHECK,
    ),
)
