"""A stage that was stopped from outside."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="interrupted",
    patterns=(r"^killed by SIG(?:KILL|TERM|INT|HUP)",),
    cause="something outside stopped the stage: a person, or the system when it ran out of memory",
    fix="run the same command again: it goes on after the last good stage; on a machine with more memory"
    " if this comes back",
    evidence=Evidence(source="the run itself: how its process ended", grade="recorded"),
    commands=(next_commands.AGAIN,),
    machine=True,
)
