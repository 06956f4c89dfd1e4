"""A signature: patterns by which one kind of failure is recognised, its cause and its fix."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final, Literal

from tasnet2hef.target.failures import next_commands
from tasnet2hef.target.failures.conditions import Condition
from tasnet2hef.target.failures.facts import Case
from tasnet2hef.target.known.evidence import Evidence
from tasnet2hef.target.rules.framework.discovery import find_rule

Level = Literal["cause", "symptom", "class", "note"]
LEVELS: Final[tuple[Level, ...]] = ("cause", "symptom", "class", "note")
"""What a message tells: the cause; a consequence that several causes have; only which part failed; no failure."""


@dataclass(frozen=True)
class Alternative:
    """What is told in place of a signature's own cause where ``holds`` is true; None is as in the signature."""

    holds: Condition
    cause: str
    fix: str
    commands: tuple[str, ...] | None = None
    fallback: str | None = None
    rule: str = ""
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Signature:
    """One kind of failure. ``rule`` is the id of the rule that it belongs to, empty if none does.

    ``patterns`` are regular expressions in which a space stands for any white space, line breaks included.
    ``fix`` and ``evidence`` default to those of the rule. ``fallback`` is the id of the first fallback that can
    help: `contexts`, `effort`, `window`, `segments`; empty if only another graph or another input does.
    ``machine``: the environment failed, not the graph; safe to retry. A signature that ``tells`` less counts only
    where no other one matches. It is left out where ``holds`` is false and no alternative is true.

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
    tells: Level = "cause"
    holds: Condition | None = None
    alternatives: tuple[Alternative, ...] = ()

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
        matches = [match for pattern in self.patterns if (match := compiled(pattern).search(text))]
        spans = [(match.start(), match.end() - match.start()) for match in matches]
        return min(spans, key=lambda span: (span[0], -span[1]), default=None)

    def told_in(self, case: Case) -> Signature | None:
        """Return the signature as it is to be told in a case; None where the facts rule it out.

        What is known to hold comes before what may hold.
        """
        answers = [(None if self.holds is None else self.holds(case), self)]
        answers += [(each.holds(case), self._instead(each)) for each in self.alternatives]
        for wanted in (True, None):
            for answer, told in answers:
                if answer is wanted:
                    return told
        return None

    def _instead(self, alternative: Alternative) -> Signature:
        return replace(
            self,
            cause=alternative.cause,
            fix=alternative.fix,
            commands=self.commands if alternative.commands is None else alternative.commands,
            fallback=self.fallback if alternative.fallback is None else alternative.fallback,
            rule=alternative.rule,
            evidence=alternative.evidence or (None if alternative.rule else self.basis),
            holds=alternative.holds,
            alternatives=(),
        )


@lru_cache(maxsize=1024)
def compiled(pattern: str) -> re.Pattern[str]:
    """Compile a pattern of a signature.

    >>> bool(compiled("not match HN").search("not match\\n  HN"))
    True
    """
    return re.compile(pattern.replace(" ", r"\s+"))


def matching(signatures: Iterable[Signature], text: str) -> list[Signature]:
    """Return the signatures that match a text, sorted by position of the first match, longer matches first."""
    spans = [(signature.first_match(text), signature) for signature in signatures]
    matches = [(span[0], -span[1], signature) for span, signature in spans if span is not None]
    return [signature for *_, signature in sorted(matches, key=lambda match: (match[0], match[1], match[2].id))]
