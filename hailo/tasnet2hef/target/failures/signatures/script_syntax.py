"""A model script that the compiler can't read."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="script-syntax",
    patterns=(
        r"BackendScriptParserException",
        r"AllocatorScriptParserException",
        r"Parsing failed at:",
    ),
    cause="a command of the model script is not as this compiler version reads it",
    fix="correct the line that the compiler quotes (`normalization` must be assigned to a name)",
    evidence=Evidence(source="public log of an LPRNet script", grade="recorded"),
    commands=(
        next_commands.LOG,
        next_commands.AGAIN,
    ),
)
