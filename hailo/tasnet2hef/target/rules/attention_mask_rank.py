"""Attention masks of three axes."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.onnx_node import Shape
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse a constant of three axes that is added to the scores in front of a softmax."""
    for node in context.nodes("Add"):
        shapes = [context.shape(tensor) for tensor in node.inputs if context.is_constant(tensor)]
        is_mask = any(shape is not None and len(shape) == 3 and _is_mask(shape) for shape in shapes)
        before_softmax = any(reader.op_type == "Softmax" for reader in context.consumers(node))
        if is_mask and before_softmax:
            yield RULE.finding(context, "a mask of three axes is added to the scores", node=node)


def _is_mask(shape: Shape) -> bool:
    """Return whether a constant of three axes is one mask for all heads; biases of each head compile."""
    return shape[0] == 1 and min(shape[1:]) > 1


def _masked(*shape: int) -> onnx.ModelProto:
    graph = GraphSketch()
    queries, keys = graph.input(1, 4, 8, 16), graph.input(1, 4, 16, 8)
    scores = graph.node("Add", graph.node("MatMul", queries, keys), graph.weight(*shape))
    return graph.model(graph.node("Softmax", scores, axis=3))


def _three() -> onnx.ModelProto:
    """Draw scores with a mask [1, 8, 8]."""
    return _masked(1, 8, 8)


def _each_head() -> onnx.ModelProto:
    """Draw scores with a bias for each of four heads, [4, 8, 8], as in a LeViT."""
    return _masked(4, 8, 8)


def _four() -> onnx.ModelProto:
    """Draw scores with a mask [1, 1, 8, 8], which compiled."""
    return _masked(1, 1, 8, 8)


RULE = Rule(
    id="attention-mask-rank",
    title="An attention mask has three axes.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public log (attention core, hailo10h): the post-fuser crashes on a mask [1, 8, 8], and takes "
            "[1, 1, 8, 8]",
            grade="recorded",
            version="5.4.0",
        ),
    ),
    check=check,
    fix="give the mask a fourth axis in front: [1, 1, queries, keys]",
    bad=(_three,),
    good=(_four, _each_head),
)
