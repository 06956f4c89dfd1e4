"""A compiler that does not start in its own environment."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="broken-environment",
    patterns=(
        r"ModuleNotFoundError",
        r"ImportError",
        r"libGL[\w.]*: cannot open shared object",
    ),
    cause="a library that the compiler needs is missing or of another version",
    fix="make the environment again with the versions that the compiler's wheel asks for",
    evidence=Evidence(source="public code that calls the compiler", grade="documented"),
    commands=(next_commands.ENVIRONMENT,),
    machine=True,
    general=True,
)
