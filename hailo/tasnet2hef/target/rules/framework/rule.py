"""A rule: one limit of the compiler, with its evidence, its fix and its own examples."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import onnx

from tasnet2hef.target.graph.layers import Layer
from tasnet2hef.target.graph.onnx_node import OnnxNode
from tasnet2hef.target.known.evidence import Evidence
from tasnet2hef.target.rules.framework.context import RuleContext
from tasnet2hef.target.rules.framework.finding import Finding, Level, Stage, weakest

Check = Callable[[RuleContext], Iterable[Finding]]
Example = Callable[[], onnx.ModelProto]


@dataclass(frozen=True)
class Rule:
    """One limit.  `level` is the most severe level it gives; only recorded evidence carries an error.

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
        proof = self.evidence[evidence]
        if layer is None and node is not None:
            layer = context.layer_of_node.get(node.name)
        if node is not None:
            nodes = (node.name,)
        elif layer is not None and not nodes:
            nodes = tuple(found.name for found in layer.onnx)
        if proof.hardware and not proof.applies_to(context.chip.name):
            message = f"{message} (recorded on {', '.join(proof.hardware)} only, not on {context.chip.name})"
        return Finding(
            rule=self.id,
            level=weakest(level or self.level, _allowed(proof, context.chip.name)),
            stage=stage or self.stage,
            layer=layer.name if layer is not None else "",
            nodes=nodes,
            message=message,
            grade=proof.grade,
            source=proof.citation,
            fix=fix or self.fix,
        )

    def to_json(self) -> dict[str, Any]:
        """Return what a reader wants to know of a rule, as plain JSON values."""
        return {
            "id": self.id,
            "title": self.title,
            "level": self.level,
            "stage": self.stage,
            "fix": self.fix,
            "evidence": [
                {
                    "source": proof.source,
                    "grade": proof.grade,
                    "words": proof.words,
                    "version": proof.version,
                    "hardware": list(proof.hardware),
                }
                for proof in self.evidence
            ],
            "bad": [_about(example) for example in self.bad],
            "good": [_about(example) for example in self.good],
        }


def _allowed(proof: Evidence, chip: str) -> Level:
    return "error" if proof.grade == "recorded" and proof.applies_to(chip) else "warning"


def _about(example: Example) -> str:
    """Return what an example draws, in the words of its docstring."""
    return " ".join((example.__doc__ or example.__name__).split()).removeprefix("Draw ").rstrip(".")
