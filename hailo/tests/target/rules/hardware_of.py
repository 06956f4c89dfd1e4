"""The chip for which a rule's examples are checked."""

from __future__ import annotations

from tasnet2hef.target.rules import Rule


def chip_of(rule: Rule) -> str:
    """Return a chip that the rule's first evidence was recorded on; hailo8 where it does not depend on one."""
    return (*rule.evidence[0].hardware, "hailo8")[0]
