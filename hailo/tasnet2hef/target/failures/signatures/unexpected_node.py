"""A node that the parser did not expect there."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="unexpected-node",
    patterns=(
        r"UnexpectedNodeError",
        r"Unexpected node",
    ),
    cause="the parser has no layer for this node at this place",
    rule="unsupported-operator",
)
