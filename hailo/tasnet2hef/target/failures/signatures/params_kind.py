"""Weights of a kind that can't be read back."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="params-kind",
    patterns=(r"Unexpected params_kind",),
    cause="optimised weights can't be loaded into a runner",
    fix="save the HAR and open it with a new runner, as this driver does",
    evidence=Evidence(source="weftspun/interactor-hailo-ugen300@d96be60", grade="recorded"),
    commands=(next_commands.AGAIN,),
)
