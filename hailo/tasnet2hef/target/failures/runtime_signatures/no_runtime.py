"""A Python without the device's runtime."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="no-runtime",
    patterns=(r"No module named 'hailo_platform'",),
    cause="HailoRT's Python package (hailo_platform) is not installed in this Python",
    fix=(
        "install the HailoRT wheel of the driver's version here (the vendor's download area, with a login),"
        " or run the ONNX file with --backend onnxruntime"
    ),
    evidence=Evidence(
        source="Hearable-Dongle/signal-processing-research, hailo/workarounds.md",
        grade="recorded",
    ),
    commands=(),
)
