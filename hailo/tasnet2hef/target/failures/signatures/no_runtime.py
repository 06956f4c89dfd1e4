"""A Python without the device's runtime."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="no-runtime",
    patterns=(r"No module named 'hailo_platform'",),
    cause="the compiler's wheel does not contain the device's runtime",
    fix="install the HailoRT wheel where the device is; compiling does not need it",
    evidence=Evidence(source="Hearable-Dongle/signal-processing-research, hailo/", grade="recorded"),
    commands=(next_commands.AGAIN,),
    machine=True,
)
