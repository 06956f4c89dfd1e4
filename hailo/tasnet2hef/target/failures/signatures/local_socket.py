"""A tool that the compiler may not start."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="local-socket",
    patterns=(
        r"HailoToolsException",
        r"Couldn't launch Hailo tool securely",
    ),
    cause="compile() talks to its own tool over a local socket, and was not allowed to",
    fix="run where sockets to 127.0.0.1 are allowed (no network sandbox)",
    evidence=Evidence(source="masa0810/hailo8-model@57d154c", grade="recorded"),
    commands=(next_commands.AGAIN,),
    machine=True,
)
