"""ConstantOfShape nodes, which the parser takes for constants."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse a ConstantOfShape without a value, in the file as written."""
    nodes = [] if context.model is None else context.model.graph.node
    for node in nodes:
        if node.op_type != "ConstantOfShape":
            continue
        if any(attribute.name == "value" for attribute in node.attribute):
            message = "ConstantOfShape: read like a Constant, by its name; no verdict on one with a value is known"
            yield RULE.finding(context, message, nodes=(node.name,), level="note")
        else:
            message = "ConstantOfShape without a value: 'IndexError in parse_raw_data'"
            yield RULE.finding(context, message, nodes=(node.name,))


def _zeros() -> onnx.ModelProto:
    """Draw zeros_like as ConstantOfShape."""
    graph = GraphSketch()
    zeros = graph.node("ConstantOfShape", graph.integers(1, 8, 10, 10))
    return graph.model(graph.node("Add", graph.input(1, 8, 10, 10), zeros))


def _stored() -> onnx.ModelProto:
    """Draw the same with a stored constant."""
    graph = GraphSketch()
    return graph.model(graph.node("Add", graph.input(1, 8, 10, 10), graph.weight(1, 8, 1, 1)))


RULE = Rule(
    id="constant-of-shape",
    title="A ConstantOfShape has no value.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public log of a gated delta net (hailo10h)",
            grade="recorded",
            words="IndexError in parse_raw_data",
            version="5.4.0",
        ),
    ),
    check=check,
    fix="store the constant as an initialiser (simplify the graph)",
    bad=(_zeros,),
    good=(_stored,),
)
