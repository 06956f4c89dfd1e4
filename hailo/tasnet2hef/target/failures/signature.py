"""A signature: patterns by which one kind of failure is recognised, its cause and its fix."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.known.evidence import Evidence
from tasnet2hef.target.rules.framework.discovery import find_rule


@dataclass(frozen=True)
class Signature:
    """One kind of failure. ``rule`` is the id of the rule that it belongs to, empty if none does.

    ``fix`` and ``evidence`` default to those of the rule. ``fallback`` is the id of the first fallback that can
    help: `contexts`, `effort`, `window`, `segments`; empty if only another graph or another input does.
    ``machine``: the environment failed, not the graph; safe to retry. ``general`` signatures count only where no
    other one matches.

    Raises:
        ValueError: a required field is empty.
    """

    id: str
    patterns: tuple[str, ...]
    cause: str
    rule: str = ""
    fix: str = ""
    evidence: Evidence | None = None
    commands: tuple[str, ...] = (next_commands.CHECK,)
    fallback: str = ""
    machine: bool = False
    general: bool = False

    def __post_init__(self) -> None:
        """Refuse a row that lacks a required field."""
        for name in ("id", "patterns", "cause"):
            if not getattr(self, name):
                raise ValueError(f"signature {self.id!r}: {name} is empty")
        if not self.rule and not (self.fix and self.evidence):
            raise ValueError(f"signature {self.id!r}: found no rule, expected one or its own fix and evidence")

    @property
    def basis(self) -> Evidence:
        """Return the evidence: the signature's own, else the first of its rule."""
        return self.evidence or find_rule(self.rule).evidence[0]

    @property
    def remedy(self) -> str:
        """Return the fix: the signature's own, else its rule's."""
        return self.fix or find_rule(self.rule).fix

    def first_match(self, text: str) -> tuple[int, int] | None:
        """Return start and length of the first match in a text, the longest of those that start there."""
        matches = [match for pattern in self.patterns if (match := re.search(pattern, text, re.DOTALL))]
        spans = [(match.start(), match.end() - match.start()) for match in matches]
        return min(spans, key=lambda span: (span[0], -span[1]), default=None)


def matching(signatures: Iterable[Signature], text: str) -> list[Signature]:
    """Return the signatures that match a text, sorted by position of the first match, longer matches first."""
    spans = [(signature.first_match(text), signature) for signature in signatures]
    matches = [(span[0], -span[1], signature) for span, signature in spans if span is not None]
    return [signature for *_, signature in sorted(matches, key=lambda match: (match[0], match[1], match[2].id))]
