"""Calibration data under a name that is no input layer's."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="calibration-name",
    patterns=(
        r"KeyError:? '?[\w/]*input_layer",
        r"expected one for input layer",
    ),
    cause="the calibration data is not under the compiler's own name of the input layer",
    fix="name the arrays as the input layers are named (net/input_layer1)",
    evidence=Evidence(source="public log", grade="recorded"),
    commands=(next_commands.CALIBRATE,),
)
