"""Products of two tensors whose first one can be negative, in the plain form."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.onnx_node import OnnxNode
from tasnet2hef.target.graph.signs import Sign
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Level, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse products of two data tensors, features last in both, whose first one is not bounded by zero.

    Queries times keys has the keys transposed, and the product with the values has a softmax in front.  The range
    of a graph's input is not known: it warns.
    """
    for node in context.nodes("MatMul"):
        first = node.inputs[0]
        if any(map(context.is_constant, node.inputs)) or not _is_plain(context, node):
            continue
        if context.signs.get(first, Sign.SIGNED) is Sign.NON_NEGATIVE:
            continue
        known = context.producer(first) is not None
        message = (
            f"the first of two tensors, {first}, can be negative and none is transposed: 'Matmul without "
            "transpose input and with negative range is not supported'"
        )
        level: Level = "error" if known else "warning"
        yield RULE.finding(context, message, node=node, level=level)


def _is_plain(context: RuleContext, node: OnnxNode) -> bool:
    """Return whether the features are the last axis of both operands."""
    shapes = node.input_shapes[:2]
    axes = [context.feature_axes.get(tensor) for tensor in node.inputs]
    return all(shape is not None and axis == len(shape) - 1 for shape, axis in zip(shapes, axes, strict=True))


def _linear_attention() -> onnx.ModelProto:
    """Draw a linear attention: keys times values, then queries times that."""
    graph = GraphSketch()
    source = graph.input(1, 64, 1, 32)
    queries, keys, values = (
        graph.node("Transpose", graph.conv(source, 64, 64), perm=order)
        for order in ([0, 2, 3, 1], [0, 2, 1, 3], [0, 2, 3, 1])
    )
    return graph.model(graph.node("MatMul", queries, graph.node("MatMul", keys, values)))


def _attention() -> onnx.ModelProto:
    """Draw an attention with a softmax, which compiles."""
    graph = GraphSketch()
    source = graph.input(1, 64, 1, 32)
    queries, keys, values = (
        graph.node("Transpose", graph.conv(source, 64, 64), perm=order)
        for order in ([0, 2, 3, 1], [0, 2, 1, 3], [0, 2, 3, 1])
    )
    scores = graph.node("Softmax", graph.node("MatMul", queries, keys), axis=3)
    return graph.model(graph.node("MatMul", scores, values))


RULE = Rule(
    id="signed-product",
    title="A product of two tensors has a first one that can be negative.",
    level="error",
    stage="optimize",
    evidence=(
        Evidence(
            source="community.hailo.ai topic 19373 (linear attention; the vendor answered)",
            grade="recorded",
            words="AccelerasUnsupportedError: Matmul without transpose input and with negative range is not "
            "supported",
        ),
    ),
    check=check,
    fix="put a ReLU or a softmax on the first tensor, or write the product so that one tensor is transposed "
    "(queries times keys); a tensor that is always the same belongs into the weights",
    bad=(_linear_attention,),
    good=(_attention,),
)
