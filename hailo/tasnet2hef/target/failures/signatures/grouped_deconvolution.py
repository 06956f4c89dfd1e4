"""A grouped transposed convolution with a long kernel."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="grouped-deconvolution",
    patterns=(r"Super deconv is not supported with groups",),
    cause="the compiler has no grouped transposed convolution of a long kernel",
    rule="grouped-deconvolution",
    commands=(next_commands.EXPORT_TALL,),
)
