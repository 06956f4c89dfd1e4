"""A kernel that does not fit its input."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="kernel-shape",
    patterns=(r"Invalid kernel shape",),
    cause="a convolution or dense layer whose kernel and input disagree once the compiler has moved the axes",
    rule="mean-then-dense",
)
