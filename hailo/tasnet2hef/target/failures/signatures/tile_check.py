"""A transpose that a check of the parser runs over."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="tile-check",
    patterns=(r"is_null_transpose_near_torch_tile",),
    cause="a check for a repeated tensor runs past the end of the graph",
    rule="general-transpose",
)
