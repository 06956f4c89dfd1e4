"""A stream that the runtime ended."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="stream-aborted",
    patterns=(r"HailoRTStreamAborted\w*", r"HAILO_STREAM_ABORT\w*"),
    cause="HailoRT ended the stream, as it does when the device is lost or an earlier error stopped it",
    fix="look at `dmesg | grep -i hailo` for what came first; reseat or reboot the device",
    evidence=Evidence(source="hailo-ai/hailort v4.23.0, pyhailort.py", grade="documented"),
    commands=(),
)
