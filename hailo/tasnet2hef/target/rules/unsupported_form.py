"""Forms of a known operator that the parser has no layer for, with no verdict on record."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.converters.registry import discover
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext
from tasnet2hef.target.rules.batch_join import joins_batch

# These have rules of their own.
_OWN_RULES = ("Reshape", "Flatten", "Squeeze", "Unsqueeze", "Expand", "ReduceMax", "ReduceSum")


def check(context: RuleContext) -> Iterable[Finding]:
    """Warn of every node for which the predicted parser has no layer, with the reason."""
    operators = discover()
    for layer in context.net.unsupported:
        node = layer.onnx[0]
        shapes = (*node.input_shapes, *node.output_shapes)
        has_five_axes = any(shape is not None and len(shape) > 4 for shape in shapes)
        if joins_batch(node):
            continue
        if node.op_type in operators and node.op_type not in _OWN_RULES and not has_five_axes:
            yield RULE.finding(context, f"{node.op_type}: {layer.reason}", layer=layer)


def _softmax_over_width() -> onnx.ModelProto:
    """Draw a softmax over the width."""
    graph = GraphSketch()
    return graph.model(graph.node("Softmax", graph.input(1, 8, 10, 20), axis=3))


def _softmax_over_features() -> onnx.ModelProto:
    """Draw a softmax over 65 features, which compiled."""
    graph = GraphSketch()
    return graph.model(graph.node("Softmax", graph.input(1, 65, 60, 80), axis=1))


RULE = Rule(
    id="unsupported-form",
    title="A known operator is used in a form of which no layer is known.",
    level="warning",
    stage="translate",
    evidence=(
        Evidence(source="forms of each operator seen to parse; see the reason in the message", grade="inferred"),
    ),
    check=check,
    fix="use the form that the reason names, over features where it can be, or end the graph before it",
    bad=(_softmax_over_width,),
    good=(_softmax_over_features,),
)
