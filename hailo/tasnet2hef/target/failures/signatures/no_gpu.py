"""An optimiser that found no graphics card it would take."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="no-gpu",
    patterns=(r"No GPU chosen and no suitable GPU found",),
    cause="the optimiser takes a graphics card only below 5 % of used memory, and reduces its level without one",
    fix="set CUDA_VISIBLE_DEVICES=0 before the run",
    evidence=Evidence(source="public log", grade="recorded"),
    commands=(next_commands.AGAIN,),
    machine=True,
    general=True,
)
