"""A recurrent layer of a form that has no layer."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="recurrent-layer",
    patterns=(r"UnsupportedLSTMLayerError",),
    cause="a recurrent layer of a form that the compiler has no layer for",
    rule="recurrent-layer",
)
