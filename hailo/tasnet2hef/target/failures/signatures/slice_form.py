"""A slice that has no layer."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="slice-form",
    patterns=(r"UnsupportedSliceLayerError",),
    cause="a slice over an axis, or with a step, that the compiler has no layer for",
    rule="slice-form",
)
