"""A net that one context can't hold."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="single-context",
    patterns=(r"single context: \w+ had no assignment",),
    cause="one context can't hold the weights",
    rule="too-many-layers",
    fix="let the compiler use several contexts: context_switch_param(mode=enabled)",
    commands=(next_commands.AGAIN,),
    rung="contexts",
)
