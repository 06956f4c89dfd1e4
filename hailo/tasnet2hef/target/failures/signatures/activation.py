"""An activation that has no layer."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="activation",
    patterns=(
        r"UnsupportedActivationLayerError",
        r"Unexpected activation",
    ),
    cause="an activation that the compiler does not know in this form",
    rule="erf-activation",
)
