"""A program for another chip."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="hef-other-hardware",
    patterns=(r"HailoRTHEFNotCompatibleWithDevice", r"HAILO_HEF_NOT_COMPATIBLE_WITH_DEVICE"),
    cause="the HEF was compiled for another chip than this one",
    fix="compile again with the device's own --hw (a Hailo-8L program runs on a Hailo-8, not the other way)",
    evidence=Evidence(
        source="hailo-ai/hailort v4.23.0, pyhailort.py; wllmflower2460/Conv2d: a YOLOv8s of hailo8l ran on hailo8",
        grade="documented",
    ),
    commands=(),
)
