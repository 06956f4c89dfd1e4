"""More layers than the chip has layer controllers."""

from __future__ import annotations

from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="too-many-layers",
    patterns=(
        r"lcus=\(\d+/\d+\)",
        r"too many re\w*ources: \d+ Layer-Controllers",
        r"Resources presolve failed",
    ),
    cause="the layers need more layer controllers than the contexts that were tried have",
    rule="too-many-layers",
    rung="contexts",
)
