"""A colour conversion on an input that is no picture."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="rgb-conversion",
    patterns=(r"features alignment",),
    cause="a colour conversion was asked for an input that does not have a picture's features",
    fix="take the input_conversion line out of the model script",
    evidence=Evidence(source="public log", grade="recorded"),
    commands=(next_commands.AGAIN,),
)
