"""An add whose sides the compiler sees at two sizes."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="add-shapes",
    patterns=(r"element-wise addition requires the output_shape",),
    cause="an estimate of the compiler compares an add's sides before one of them is put together; "
    "recorded where the HEF itself was fine",
    fix="look whether the HEF was written; else leave the profiler out",
    evidence=Evidence(source="public log", grade="recorded"),
    commands=(next_commands.LOG,),
)
