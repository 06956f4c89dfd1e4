"""Failures of the optimize stage: what can't be computed in the number formats of the chip."""

from __future__ import annotations

from typing import Final

from tasnet2hef.target.failures.next_commands import AGAIN, CALIBRATE, CHECK, PATCH, SIMULATE
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.known.evidence import Evidence

SIGNATURES: Final = (
    Signature(
        id="mean-too-long",
        patterns=(r"NegativeSlopeExponentNonFixable", r"Desired shift is [\d.]+, but op has only"),
        cause="a layer's slope needs a larger shift than the unit has bits: a mean over too many positions, or"
        " calibration data that is not at the model's level",
        rule="mean-too-long",
        commands=(CHECK, CALIBRATE),
    ),
    Signature(
        id="prelu-slope",
        patterns=(r"Unsupported dimensions[^\n]*\[-1, *\d+, *\d+, *\d{6,}\]",),
        cause="a PReLU slope of one axis was read as channels x channels",
        rule="prelu-slope-rank",
        commands=(PATCH, CHECK),
    ),
    Signature(
        id="sixteen-bit",
        patterns=(r"16x4 is not supported", r"16bit L2 biases", r"a16-conv nan"),
        cause="a 16-bit precision, or 16-bit biases, that this layer's unit does not have",
        fix="remove the layer's 16-bit line from the model script, or give it an optimisation level above 0 "
        "and enabled bias_correction",
        evidence=Evidence(
            source="public log (YOLO heads at optimisation level 0, 3.33.1); community topic 19530",
            grade="recorded",
        ),
        commands=(SIMULATE, AGAIN),
    ),
)
