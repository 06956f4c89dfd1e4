"""A layer norm whose axes the parser can't order."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="layer-norm-format",
    patterns=(
        r"_?convert_axes_to_nhwc",
        r"axes_to_nhwc",
    ),
    cause="the parser does not know the order of a norm's input axes",
    rule="layer-norm-format",
)
