"""Two commands of a model script that can't stand together."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="script-conflict",
    patterns=(r"cannot coexist",),
    cause="compiler_optimization_level=max and resources_param can't stand in one script",
    fix="take one of the two out of the model script",
    evidence=Evidence(source="public log", grade="recorded", version="3.33.0"),
    commands=(next_commands.AGAIN,),
)
