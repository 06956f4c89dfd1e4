"""One-dimensional layers, read with the wrong axes."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="three-axes",
    patterns=(
        r"UnsupportedConv3D\w*",
        r"Unsupported dimensions",
    ),
    cause="a tensor of three axes: its channels are read as another axis",
    rule="one-dimensional-convolution",
    commands=(
        next_commands.CHECK,
        next_commands.EXPORT_TALL,
    ),
)
