"""Calibration sets that the compiler does not accept."""

from __future__ import annotations

from typing import Final

from tasnet2hef.target.failures.next_commands import CALIBRATE
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.known.evidence import Evidence

SIGNATURES: Final = (
    Signature(
        id="calibration-name",
        patterns=(r"KeyError:? '?[\w/]*input_layer", r"expected one for input layer"),
        cause="the calibration data is not under the compiler's own name of the input layer",
        fix="name the arrays as the input layers are named (net/input_layer1)",
        evidence=Evidence(source="public log", grade="recorded"),
        commands=(CALIBRATE,),
    ),
    Signature(
        id="calibration-shape",
        patterns=(
            r"BadInputsShape",
            r"InvalidInputShape",
            r"doesn't match network's input shape",
            r"found windows \[.*expects \[",
        ),
        cause="the calibration windows have another shape than the net's input layer (NHWC, windows first)",
        fix="make the calibration set with this graph",
        evidence=Evidence(
            source="Hearable-Dongle/signal-processing-research, hailo/; public log of a bidirectional LSTM",
            grade="recorded",
            version="3.33.0",
        ),
        commands=(CALIBRATE,),
    ),
    Signature(
        id="calibration-type",
        patterns=(r"Couldn't detect CalibrationDataType",),
        cause="the calibration data is not an array or a dict of arrays",
        fix="give an .npz of one NHWC array an input layer",
        evidence=Evidence(
            source="Hearable-Dongle/signal-processing-research, hailo/", grade="recorded", version="3.33.0"
        ),
        commands=(CALIBRATE,),
    ),
)
