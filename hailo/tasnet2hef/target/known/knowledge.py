"""What a probe of the compiler recorded: verdicts on small graphs, and what they say of a rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Literal, cast

from tasnet2hef.base.plain import plain
from tasnet2hef.target.known.evidence import Evidence

STAGES: Final = ("translate", "optimize", "compile")
"""The compiler's stages, in their order."""

PASS: Final = "pass"
FAIL: Final = "fail"


@dataclass(frozen=True)
class Verdict:
    """One answer of the compiler, with the keys of `verdicts.jsonl`; it holds no weights, names or paths.

    ``params`` describes the graph. Of a probe: ``case`` (one graph, whatever the stage), ``rule`` or ``operator``,
    ``example`` (`bad`, `good` or `smallest`), ``name``, ``last`` (the stage up to which it had to run),
    ``predicted``, and ``merged`` where the row comes from another machine. Of a `compile`: ``operators``,
    ``findings``, ``signature``.
    """

    id: str
    source: str
    dfc_version: str
    hw_arch: str
    stage: str
    outcome: Literal["pass", "fail"]
    op: str
    shapes: str | None = None
    params: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None
    cause: str | None = None
    fix: str | None = None
    confidence: str = "high"

    @property
    def case(self) -> str:
        """Return the graph that the row is about; of rows that belong to no probe, the row's own id."""
        return str(self.params.get("case") or self.id)

    @property
    def passed(self) -> bool:
        """Return whether the stage was done."""
        return self.outcome == PASS

    def contradicts(self, other: Verdict) -> bool:
        """Return whether two rows about one graph, compiler and chip can't both be true."""
        same = (self.case, self.dfc_version, self.hw_arch) == (other.case, other.dfc_version, other.hw_arch)
        if not same or (self.passed and other.passed):
            return False
        mine, theirs = STAGES.index(self.stage), STAGES.index(other.stage)
        if not self.passed and not other.passed:
            return mine != theirs
        return theirs >= mine if other.passed else mine >= theirs

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, in the order of `verdicts.jsonl`."""
        return cast(dict[str, Any], plain(self))


@dataclass(frozen=True)
class RuleVerdict:
    """What a compiler did with the graphs of one rule, as sets of their names.

    ``failed``: bad graphs that failed in the rule's stage; ``passed``: that passed it; ``refuted``: that passed it
    though an error was predicted; ``good_failed``: good graphs that failed.
    """

    rule: str
    failed: frozenset[str]
    passed: frozenset[str]
    refuted: frozenset[str]
    good_failed: frozenset[str]
    evidence: Evidence

    def holds(self, bad: Iterable[str]) -> bool:
        """Return whether the compiler refused every bad graph, and no good one."""
        return bool(self.failed) and set(bad) <= self.failed and not self.good_failed

    def is_absent(self, bad: Iterable[str]) -> bool:
        """Return whether the compiler did every graph: it does not have the limit, as far as they show."""
        return bool(self.refuted) and set(bad) <= self.refuted and not self.good_failed


@dataclass(frozen=True)
class Knowledge:
    """The verdicts of one version of the compiler on one chip."""

    compiler: str
    hardware: str
    verdicts: tuple[Verdict, ...]

    def __bool__(self) -> bool:
        """Return whether anything is known."""
        return bool(self.verdicts)

    def verdict_of(self, rule_id: str) -> RuleVerdict | None:
        """Return what the compiler did with the graphs of a rule; None where it was not asked."""
        return self._by_rule.get(rule_id)

    @cached_property
    def refused_operators(self) -> Mapping[str, Verdict]:
        """Return the operators of which the compiler refused even the smallest graph."""
        rows = [row for row in self.verdicts if not row.passed and row.params.get("operator")]
        return {str(row.params["operator"]): row for row in rows}

    @cached_property
    def _by_rule(self) -> Mapping[str, RuleVerdict]:
        rows: dict[str, list[Verdict]] = {}
        for row in self.verdicts:
            if rule := row.params.get("rule"):
                rows.setdefault(str(rule), []).append(row)
        return {rule: _rule_verdict(rule, of_rule) for rule, of_rule in rows.items()}

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values, without the verdicts themselves."""
        return {
            "compiler": self.compiler,
            "hardware": self.hardware,
            "verdicts": len(self.verdicts),
            "refused_operators": sorted(self.refused_operators),
        }


NOTHING_KNOWN: Final = Knowledge("", "", ())


def _rule_verdict(rule: str, rows: Sequence[Verdict]) -> RuleVerdict:
    bad = [row for row in rows if row.params["example"] == "bad" and row.stage == row.params["last"]]
    deciding = [row for row in bad if not row.passed] or bad or list(rows)
    merged = all(row.params.get("merged") for row in deciding)
    first = deciding[0]
    evidence = Evidence(
        source=first.source,
        grade="recorded" if merged else "recorded here",
        words=first.error or "",
        version=first.dfc_version,
        hardware=(first.hw_arch,),
    )
    return RuleVerdict(
        rule,
        frozenset(str(row.params["name"]) for row in bad if not row.passed),
        frozenset(str(row.params["name"]) for row in bad if row.passed),
        frozenset(str(row.params["name"]) for row in bad if row.passed and row.params["predicted"] == "fail"),
        frozenset(str(row.params["name"]) for row in rows if row.params["example"] == "good" and not row.passed),
        evidence,
    )
