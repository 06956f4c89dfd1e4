"""A rule: one limit of the compiler, with its evidence, its fix and its own examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import onnx

from tasnet2hef.base.plain import plain
from tasnet2hef.target.graph.layers import Layer
from tasnet2hef.target.graph.onnx_node import OnnxNode
from tasnet2hef.target.known.evidence import Evidence
from tasnet2hef.target.rules.framework.context import RuleContext
from tasnet2hef.target.rules.framework.finding import Finding, Level, Stage, weakest

Check = Callable[[RuleContext], Iterable[Finding]]
Example = Callable[[], onnx.ModelProto]


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
        """Return a finding, no more severe than `evidence` (a position in this rule's) allows."""
        basis = self.evidence[evidence]
        if layer is None and node is not None:
            layer = context.layer_of_node.get(node.name)
        if node is not None:
            nodes = (node.name,)
        elif layer is not None and not nodes:
            nodes = tuple(each.name for each in layer.onnx)
        if basis.hardware and not basis.applies_to(context.chip.name):
            message = f"{message} (recorded on {', '.join(basis.hardware)} only, not on {context.chip.name})"
        return Finding(
            rule=self.id,
            level=weakest(level or self.level, _highest_level(basis, context.chip.name)),
            stage=stage or self.stage,
            layer=layer.name if layer is not None else "",
            nodes=nodes,
            message=message,
            grade=basis.grade,
            source=basis.citation,
            fix=fix or self.fix,
        )

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
