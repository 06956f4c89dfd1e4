"""An input of one axis."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="rank-one-input",
    patterns=(r"get_input_layer_shapes",),
    cause="an input of one axis has no shape for the parser",
    rule="rank-one-input",
)
