"""More streams between contexts than the chip moves."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="context-streams",
    patterns=(r"shmifo in capacity exceeded",),
    cause="more than 20 streams cross the border between two contexts",
    rule="too-many-layers",
    fix="cut elsewhere: fewer skip connections over a context's border, or "
    "resources_param(max_utilization=0.95), which made fewer contexts",
    rung="segments",
)
