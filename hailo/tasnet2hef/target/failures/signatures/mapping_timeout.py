"""The compiler's own time for placing layers is over."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="mapping-timeout",
    patterns=(r"Mapping Failed \(Timeout",),
    cause="the compiler's own search ran out of its time; recorded for one-dimensional convolutions and "
    "for nets near the chip's limits",
    rule="one-dimensional-convolution",
    fix="2-D convolutions on 4-D tensors, as `tasnet2hef convert` makes them; else a shorter window",
    commands=(
        next_commands.CHECK,
        next_commands.EXPORT_SHORTER,
    ),
    rung="effort",
)
