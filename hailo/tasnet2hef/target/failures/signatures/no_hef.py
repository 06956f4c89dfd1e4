"""A compiler that returned something else than a HEF."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="no-hef",
    patterns=(r"compile\(\) returned",),
    cause="compile() came back without an error and without a HEF",
    fix="read the log; nothing was written as a HEF",
    evidence=Evidence(source="the run itself", grade="recorded"),
    commands=(next_commands.LOG,),
    rung="effort",
)
