"""No device, or none that is free."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="no-device",
    patterns=(r"HAILO_OUT_OF_PHYSICAL_DEVICES", r"not enough free devices"),
    cause="HailoRT found no device that is free",
    fix=(
        "plug it in and see that `hailortcli scan` lists it (driver loaded? `lsmod | grep hailo`); where it"
        " does, another program holds it: end that one"
    ),
    evidence=Evidence(source="hailo-ai/hailort, names of hailo_status (hailort.h)", grade="inferred"),
    commands=(),
)
