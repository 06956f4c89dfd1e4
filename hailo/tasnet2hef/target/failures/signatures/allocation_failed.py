"""An allocation that failed without a reason."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="allocation-failed",
    patterns=(
        r"BackendAllocatorException",
        r"allocation failed",
        r"Mapping Failed",
    ),
    cause="the allocator gave up and gave no reason; recorded for rows of 512,000 bytes and more, which "
    "fail without more words too",
    rule="row-too-wide",
    commands=(
        next_commands.CHECK,
        next_commands.EXPORT_TALL,
    ),
    rung="contexts",
    general=True,
)
