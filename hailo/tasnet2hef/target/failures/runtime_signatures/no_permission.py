"""A device file that this user may not open."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="no-permission",
    patterns=(r"/dev/hailo\d+.*[Pp]ermission denied", r"HAILO_OPEN_FILE_FAILURE", r"with error 13\b"),
    cause="this user may not open the device's file",
    fix=(
        "`ls -l /dev/hailo*`; install the driver's udev rule, or add the user to the file's group and log in again"
    ),
    evidence=Evidence(source="hailo-ai/hailort, names of hailo_status (hailort.h)", grade="inferred"),
    commands=(),
)
