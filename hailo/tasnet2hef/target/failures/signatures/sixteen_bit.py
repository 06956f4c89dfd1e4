"""A layer that can't be computed in 16 bits."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="sixteen-bit",
    patterns=(
        r"16x4 is not supported",
        r"16bit L2 biases",
        r"a16-conv nan",
    ),
    cause="a 16-bit precision, or 16-bit biases, that this layer's unit does not have",
    fix="take the layer's 16-bit line out of the model script, or give it an optimisation level above 0 "
    "and enabled bias_correction",
    evidence=Evidence(
        source="public log (YOLO heads at optimisation level 0, 3.33.1); community topic 19530", grade="recorded"
    ),
    commands=(
        next_commands.SIMULATE,
        next_commands.AGAIN,
    ),
)
