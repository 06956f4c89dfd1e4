"""A start or end node that is not in the graph."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature

SIGNATURE = Signature(
    id="misspelt-node",
    patterns=(r"MisspellNodeError",),
    cause="a start or end node is not in the graph",
    rule="node-names",
    commands=(next_commands.PATCH,),
)
