"""Firmware of another version than the runtime."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="firmware-version",
    patterns=(
        r"HAILO_UNSUPPORTED_FW_VERSION",
        r"HAILO_INVALID_FIRMWARE(?!_MAGIC)\w*",
        r"[Ff]irmware version .*(mismatch|different)",
    ),
    cause="the device's firmware and HailoRT are of different versions, and must be of the same",
    fix=(
        "reboot, so that the driver loads the firmware of its own version; `hailortcli fw-control identify`"
        " tells it"
    ),
    evidence=Evidence(
        source="community topics 13704 and 19032: a HEF of 3.33.1 on HailoRT 4.20.0, version or firmware error",
        grade="recorded",
    ),
    commands=(),
)
