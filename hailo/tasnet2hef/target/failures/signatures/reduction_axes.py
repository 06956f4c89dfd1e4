"""A sum, mean or maximum over axes that have no layer."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="reduction-axes",
    patterns=(r"UnsupportedReduce(?:Sum|Max|Mean)LayerError",),
    cause="a sum, mean or maximum over axes that the compiler has no layer for",
    rule="reduction-axes",
)
