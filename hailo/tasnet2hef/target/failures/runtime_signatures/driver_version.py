"""A driver of another version than the runtime."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="driver-version",
    patterns=(r"HAILO_INVALID_DRIVER_VERSION", r"[Dd]river version .*(mismatch|different)"),
    cause="the kernel driver and HailoRT are of different versions, and must be of the same",
    fix=(
        "compare `cat /sys/module/hailo_pci/version` with `hailortcli --version`; install the driver of "
        "HailoRT's version and reboot"
    ),
    evidence=Evidence(source="hailo-ai/hailort, names of hailo_status (hailort.h)", grade="inferred"),
    commands=(),
)
