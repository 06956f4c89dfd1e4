"""A stage that used up the machine's memory."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="out-of-memory",
    patterns=(
        r"^out of memory in",
        r"\bMemoryError\b",
        r"std::bad_alloc",
        r"Cannot allocate memory",
    ),
    cause="the stage needed more memory than it was given",
    fix="a machine with more memory, fewer calibration windows, or a shorter window",
    evidence=Evidence(source="the run itself: its limit was reached", grade="recorded"),
    commands=(next_commands.EXPORT_SHORTER,),
    rung="window",
    machine=True,
)
