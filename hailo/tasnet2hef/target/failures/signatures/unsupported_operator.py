"""An operator without a layer."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="unsupported-operator",
    patterns=(
        r"UnsupportedOperationError",
        r"operation is unsupported",
    ),
    cause="the compiler has no layer for an operator",
    rule="unsupported-operator",
)
