"""A layer whose weights exceed a cluster's memory."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="memory-units",
    patterns=(r"[Mm]emory units (?:capacity exceeded|required)",),
    cause="one layer's weights need more memory units than a cluster has (128); no script changes that",
    rule="dense-layer-memory",
    rung="segments",
)
