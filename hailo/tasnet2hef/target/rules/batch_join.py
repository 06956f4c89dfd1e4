"""Concats and Tiles along the batch."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.onnx_node import OnnxNode
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def joins_batch(node: OnnxNode) -> bool:
    """Return whether a node makes the batch larger."""
    shapes = (*node.input_shapes[:1], *node.output_shapes[:1])
    if node.op_type not in ("Concat", "Tile") or len(shapes) < 2 or not all(shapes):
        return False
    before, after = shapes
    return before is not None and after is not None and len(before) == len(after) > 1 and after[0] > before[0]


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse nodes that put examples side by side on the batch axis."""
    for node in context.nodes("Concat", "Tile"):
        if joins_batch(node):
            shapes = f"{list(node.input_shapes[0] or ())} -> {list(node.output_shapes[0] or ())}"
            message = f"{node.op_type} {shapes} over the batch (UnsupportedConcatLayerError)"
            yield RULE.finding(context, message, node=node)


def _tile() -> onnx.ModelProto:
    """Draw a Tile of one example to four."""
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 8, 16, 16), 8, 8)
    return graph.model(graph.conv(graph.node("Tile", source, graph.integers(4, 1, 1, 1)), 8, 8))


def _concat() -> onnx.ModelProto:
    """Draw a Concat of two maps on the batch axis."""
    graph = GraphSketch()
    source = graph.input(1, 8, 16, 16)
    joined = graph.node("Concat", graph.conv(source, 8, 8), graph.conv(source, 8, 8), axis=0)
    return graph.model(graph.conv(joined, 8, 8))


def _features() -> onnx.ModelProto:
    """Draw a Concat of two maps on the features."""
    graph = GraphSketch()
    source = graph.input(1, 8, 16, 16)
    return graph.model(graph.node("Concat", graph.conv(source, 8, 8), graph.conv(source, 8, 8), axis=1))


RULE = Rule(
    id="batch-join",
    title="A Concat or Tile works along the batch.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public log (RF-DETR backbone with windows on the batch, hailo10h)",
            grade="recorded",
            words="UnsupportedConcatLayerError in op /e/Tile: Unsupported concat over axis batch",
            version="5.3.0",
        ),
    ),
    check=check,
    fix="keep the batch at 1: windows side by side on the width, or one after the other on the host",
    bad=(_tile, _concat),
    good=(_features,),
)
