"""A stage whose process crashed."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="crash",
    patterns=(r"^killed by SIG(?:SEGV|ABRT|BUS|FPE|ILL|TRAP|SYS)",),
    cause="the vendor's program crashed in this stage; nothing before it is lost",
    fix="read the log's last lines; SIGILL: the processor lacks AVX, take another machine; else another "
    "graph (shorter window) or another compiler version",
    evidence=Evidence(source="the run itself: how its process ended", grade="recorded"),
    commands=(
        next_commands.LOG,
        next_commands.EXPORT_SHORTER,
    ),
    rung="effort",
)
