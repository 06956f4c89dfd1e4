"""A rule: one limit of the compiler, with its evidence, its fix and its own examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import onnx

from tasnet2hef.base.plain import plain
from tasnet2hef.target.graph.layers import Layer
from tasnet2hef.target.graph.onnx_node import OnnxNode
from tasnet2hef.target.known.evidence import Evidence, Grade
from tasnet2hef.target.known.releases import parse_release
from tasnet2hef.target.rules.framework.context import RuleContext
from tasnet2hef.target.rules.framework.finding import Finding, Level, Stage, weakest

Check = Callable[[RuleContext], Iterable[Finding]]
Example = Callable[[], onnx.ModelProto]


@dataclass(frozen=True)
class Standing:
    """How far a finding can be trusted: its highest level, its grade and source, and what must be said with it."""

    highest: Level
    grade: Grade
    source: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Rule:
    """One limit.  `level` is the most severe level of its findings; only recorded evidence allows an error.

    `bad` and `good` build small graphs, which are the rule's tests: each bad one gives at least one finding
    of this rule, each good one none.
    """

    id: str
    title: str
    level: Level
    stage: Stage
    evidence: tuple[Evidence, ...]
    check: Check
    fix: str
    bad: tuple[Example, ...]
    good: tuple[Example, ...]
    accepted: bool = False
    """The compiler accepts the bad graphs too; what they compute is wrong."""

    def finding(
        self,
        context: RuleContext,
        message: str,
        *,
        layer: Layer | None = None,
        node: OnnxNode | None = None,
        nodes: tuple[str, ...] = (),
        evidence: int = 0,
        level: Level | None = None,
        stage: Stage | None = None,
        fix: str = "",
    ) -> Finding:
        """Return a finding, no more severe than `evidence` (a position in this rule's) allows.

        Evidence of another chip makes it a warning; that of another release is said. What a probe recorded of the
        compiler that is asked for counts more.
        """
        if layer is None and node is not None:
            layer = context.layer_of_node.get(node.name)
        if node is not None:
            nodes = (node.name,)
        elif layer is not None and not nodes:
            nodes = tuple(each.name for each in layer.onnx)
        standing = self._standing(context, evidence)
        return Finding(
            rule=self.id,
            level=weakest(level or self.level, standing.highest),
            stage=stage or self.stage,
            layer=layer.name if layer is not None else "",
            nodes=nodes,
            message=" ".join([message, *(f"({remark})" for remark in standing.remarks)]),
            grade=standing.grade,
            source=standing.source,
            fix=fix or self.fix,
        )

    def _standing(self, context: RuleContext, evidence: int) -> Standing:
        """Return how far a finding can be trusted for the chip and the compiler that a check is for."""
        basis, chip = self.evidence[evidence], context.chip.name
        verdict = None if self.accepted else context.knowledge.verdict_of(self.id)
        bad = [example.__name__ for example in self.bad]
        if verdict is not None and evidence == 0 and verdict.holds(bad):
            source = f"{verdict.evidence.citation}; before: {basis}"
            return Standing("error", verdict.evidence.grade, source)
        remarks = []
        if verdict is not None and (verdict.refuted or (verdict.passed and self.level != "error")):
            count = f"all {len(bad)}" if verdict.is_absent(bad) else f"{len(verdict.passed)} of {len(bad)}"
            remarks.append(f"DFC {verdict.evidence.version} did {count} of this rule's bad graphs for {chip}")
            if self.level == "error" and verdict.is_absent(bad):
                return Standing("warning", verdict.evidence.grade, verdict.evidence.citation, tuple(remarks))
        if basis.hardware and not basis.applies_to(chip):
            remarks.append(f"recorded on {', '.join(basis.hardware)} only, not on {chip}")
        release = parse_release(context.compiler)
        if release and basis.versions and not any(each.covers(release) for each in self.evidence):
            how = "recorded on" if basis.grade == "recorded" else f"{basis.grade} from"
            remarks.append(f"{how} {basis.versions}; not tried on {context.compiler}")
        return Standing(_highest_level(basis, chip), basis.grade, basis.citation, tuple(remarks))

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON values; an example is described by its docstring."""
        return {
            "id": self.id,
            "title": self.title,
            "level": self.level,
            "stage": self.stage,
            "fix": self.fix,
            "evidence": plain(self.evidence),
            "bad": [_description(example) for example in self.bad],
            "good": [_description(example) for example in self.good],
        }


def _highest_level(evidence: Evidence, chip: str) -> Level:
    """Return the most severe level that evidence allows on a chip: only what was recorded there is an error."""
    return "error" if evidence.grade == "recorded" and evidence.applies_to(chip) else "warning"


def _description(example: Example) -> str:
    """Return what an example draws, from its docstring."""
    return " ".join((example.__doc__ or example.__name__).split()).removeprefix("Draw ").rstrip(".")
