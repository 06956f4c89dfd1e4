"""The smaller of two feature maps."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse a Min with two operands that depend on the input."""
    for node in context.nodes("Min"):
        if sum(not context.is_constant(tensor) for tensor in node.inputs) > 1:
            yield RULE.finding(context, "Min of two feature maps: parsed, then AccelerasValueError", node=node)


def _two() -> onnx.ModelProto:
    """Draw the Min of a sigmoid and a tanh."""
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 8, 10, 10), 8, 8)
    return graph.model(graph.node("Min", graph.node("Sigmoid", source), graph.node("Tanh", source)))


def _largest() -> onnx.ModelProto:
    """Draw the Max of the same two."""
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 8, 10, 10), 8, 8)
    return graph.model(graph.node("Max", graph.node("Sigmoid", source), graph.node("Tanh", source)))


RULE = Rule(
    id="min-of-maps",
    title="A Min compares two feature maps.",
    level="error",
    stage="optimize",
    evidence=(
        Evidence(
            source="public log (operator sweep on hailo10h)",
            grade="recorded",
            words="AccelerasValueError",
            version="5.3.0",
        ),
    ),
    check=check,
    fix="write min(a, b) as a - relu(a - b)",
    bad=(_two,),
    good=(_largest,),
)
