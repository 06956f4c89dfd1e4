"""A device that another program holds."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="device-busy",
    patterns=(r"HAILO_DEVICE_IN_USE", r"Device or resource busy"),
    cause="another program holds the device",
    fix="end it (`fuser /dev/hailo0` names it), or let both use the vendor's multi-process service",
    evidence=Evidence(source="hailo-ai/hailort, names of hailo_status (hailort.h)", grade="inferred"),
    commands=(),
)
