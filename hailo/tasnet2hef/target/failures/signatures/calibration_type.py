"""Calibration data that is no array."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="calibration-type",
    patterns=(r"Couldn't detect CalibrationDataType",),
    cause="the calibration data is not an array or a dict of arrays",
    fix="give an .npz of one NHWC array an input layer",
    evidence=Evidence(
        source="Hearable-Dongle/signal-processing-research, hailo/", grade="recorded", version="3.33.0"
    ),
    commands=(next_commands.CALIBRATE,),
)
