"""A disk that is full."""

from __future__ import annotations

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.rules.framework.rule import Evidence

SIGNATURE = Signature(
    id="disk-full",
    patterns=(
        r"No space left on device",
        r"Disk quota exceeded",
    ),
    cause="the disk is full",
    fix="make room in the run's folder, or give another -o; the run goes on after the last good stage",
    evidence=Evidence(source="the system's own words", grade="documented"),
    commands=(next_commands.AGAIN,),
    machine=True,
)
