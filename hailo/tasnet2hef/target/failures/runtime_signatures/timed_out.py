"""A device that does not answer in time."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="timed-out",
    patterns=(r"HailoRTTimeout", r"HAILO_TIMEOUT"),
    cause="the device did not answer in time",
    fix=(
        "see with `hailortcli fw-control identify` whether it answers at all, else reboot it; another "
        "program may keep it busy"
    ),
    evidence=Evidence(source="hailo-ai/hailort v4.23.0, pyhailort.py", grade="documented"),
    commands=(),
)
