"""Nodes without a name, or with the name of another node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Count nodes without a name of their own: start, end and original names can't refer to them."""
    if context.model is None:
        return
    counts = Counter(node.name for node in context.model.graph.node if node.op_type != "Constant")
    unnamed = counts.pop("", 0)
    if unnamed:
        yield RULE.finding(context, f"{unnamed} nodes have no name: the compiler's messages can't name them")
    repeated = tuple(name for name, count in counts.items() if count > 1)
    if repeated:
        yield RULE.finding(
            context, f"{len(repeated)} names are given twice: {', '.join(repeated[:3])}", nodes=repeated
        )


def _unnamed() -> onnx.ModelProto:
    """Draw a node without a name."""
    model = _named()
    model.graph.node[0].ClearField("name")
    return model


def _named() -> onnx.ModelProto:
    """Draw a node with a name."""
    graph = GraphSketch()
    return graph.model(graph.node("Relu", graph.input(1, 8, 10, 10)))


RULE = Rule(
    id="node-names",
    title="Nodes have no name of their own.",
    level="warning",
    stage="translate",
    evidence=(
        Evidence(
            source="start_node_names, end_node_names and original_names all go by node names", grade="inferred"
        ),
    ),
    check=check,
    fix="`tasnet2hef patch` names them",
    bad=(_unnamed,),
    good=(_named,),
)
