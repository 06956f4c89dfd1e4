"""A layer that must be cut further than the compiler cuts."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="super-defuse",
    patterns=(r"needs super-defuse",),
    cause="a layer must be cut over features further than the compiler does by itself",
    rule="dense-layer-memory",
    rung="segments",
)
