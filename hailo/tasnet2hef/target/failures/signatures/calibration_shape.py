"""Calibration windows of another shape than the input layer."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="calibration-shape",
    patterns=(
        r"BadInputsShape",
        r"InvalidInputShape",
        r"doesn't match network's input shape",
        r"found windows \[.*expects \[",
    ),
    cause="the calibration windows have another shape than the net's input layer (NHWC, windows first)",
    fix="draw the calibration set with this very graph",
    evidence=Evidence(
        source="Hearable-Dongle/signal-processing-research, hailo/; public log of a bidirectional LSTM",
        grade="recorded",
        version="3.33.0",
    ),
    commands=(next_commands.CALIBRATE,),
)
