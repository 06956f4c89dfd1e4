"""Sides of a sum or product that do not fit."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="broadcast",
    patterns=(
        r"ZeroDivisionError",
        r"not broadcastable",
    ),
    cause="the two sides of a sum or product have sizes that the compiler can't bring together",
    rule="broadcast-rank",
)
