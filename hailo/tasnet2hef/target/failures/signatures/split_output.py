"""A split whose part is not used, or is an output."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="split-output",
    patterns=(r"successor name is missing",),
    cause="an output of a split is not used, or is an output of the graph",
    rule="split-output",
)
