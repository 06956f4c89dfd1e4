"""A gather without a constant index."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="gather-index",
    patterns=(r"UnsupportedGatherLayerError",),
    cause="a gather whose index the parser can't find",
    rule="gather-without-index",
)
