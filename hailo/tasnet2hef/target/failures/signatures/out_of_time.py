"""A stage that used up its time."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="out-of-time",
    patterns=(r"^out of time in",),
    cause="the stage was stopped at its time limit",
    fix="give the stage more minutes (--timeout STAGE=MINUTES), or a smaller graph; the same limit is "
    "not tried twice",
    evidence=Evidence(source="the run itself: its limit was reached", grade="recorded"),
    commands=(
        next_commands.LOG,
        next_commands.EXPORT_SHORTER,
    ),
    rung="window",
)
