"""A call that this runtime does not have."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="runtime-call",
    patterns=(r"HAILO_NOT_IMPLEMENTED",),
    cause="the stream interface of older runtimes is not there for this device",
    fix="use VDevice.create_infer_model(), which `tasnet2hef separate` does",
    evidence=Evidence(source="community topic 18979", grade="recorded"),
    commands=(next_commands.LOG,),
)
