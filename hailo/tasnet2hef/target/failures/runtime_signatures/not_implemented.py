"""A call that this runtime does not have for its device."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="not-implemented",
    patterns=(r"HAILO_NOT_IMPLEMENTED", r"HailoRTNotImplemented\w*"),
    cause=(
        "this HailoRT does not have this call for its device: streams (InferVStreams) are not there on "
        "Hailo-10H and 15"
    ),
    fix=(
        "use HailoRT 4.18 or later for Hailo-8, 5.x for Hailo-10H and 15; both have InferModel, which is "
        "then taken"
    ),
    evidence=Evidence(source="community topic 18979", grade="recorded"),
    commands=(),
)
