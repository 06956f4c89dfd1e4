"""Contexts that the compiler could not cut the net into."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="no-partition",
    patterns=(
        r"Automri finished with too many resources",
        r"could not find a valid partition",
        r"Splitter failed to find a possible solution",
        r"Partition and Allocation Failed",
    ),
    cause="no way was found to cut the net into contexts",
    rule="too-many-layers",
    fix="a smaller net: shorter window, fewer blocks, or segments that are compiled one by one",
    commands=(next_commands.EXPORT_SHORTER,),
    rung="effort",
)
