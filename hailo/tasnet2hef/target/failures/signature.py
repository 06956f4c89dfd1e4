"""A signature: words by which one kind of failure is known, and what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.rules.framework.discovery import find_rule
from tasnet2hef.target.rules.framework.rule import Evidence


@dataclass(frozen=True)
class Signature:
    """One kind of failure. ``rule`` is the rule that it belongs to, empty where none does.

    Evidence and fix are the rule's own unless given here. ``rung`` is the first rung of the ladder that can help:
    `contexts`, `effort`, `window`, `segments`, or empty where only a change of the graph or of the input does.
    ``machine`` marks what says nothing of the input: another try is another case. ``general`` signatures speak
    only where no other one matches.
    """

    id: str
    patterns: tuple[str, ...]
    cause: str
    rule: str = ""
    fix: str = ""
    evidence: Evidence | None = None
    commands: tuple[str, ...] = (next_commands.CHECK,)
    rung: str = ""
    machine: bool = False
    general: bool = False

    @property
    def proof(self) -> Evidence:
        """Return where this is known from."""
        return self.evidence or find_rule(self.rule).evidence[0]

    @property
    def way_out(self) -> str:
        """Return the fix, this signature's own or its rule's."""
        return self.fix or find_rule(self.rule).fix

    def place(self, text: str) -> tuple[int, int] | None:
        """Return where the first match starts and how long it is; None where no pattern matches."""
        found = [match for pattern in self.patterns if (match := re.search(pattern, text, re.DOTALL))]
        places = [(match.start(), match.end() - match.start()) for match in found]
        return min(places, key=lambda place: (place[0], -place[1]), default=None)
