"""Transposes that change which axis holds the features, away from a matrix product."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.onnx_node import OnnxNode
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse a swap of features and height of a 4-D tensor; only warn beside a matrix product."""
    for node in context.nodes("Transpose"):
        shape = node.input_shapes[0]
        order = node.integers("perm")
        if (
            node.index in context.attention
            or shape is None
            or len(shape) != 4
            or order != (0, 2, 1, 3)
            or min(shape[1], shape[2]) == 1
        ):
            continue
        message = f"Transpose {list(order)} of {list(shape)} moves features to height"
        if _beside_product(context, node):
            yield RULE.finding(
                context, f"{message} beside a MatMul: seen to pass and to fail", node=node, evidence=1
            )
        else:
            yield RULE.finding(context, f"{message}; seen to end in UnsupportedShuffleLayerError", node=node)


def _beside_product(context: RuleContext, node: OnnxNode) -> bool:
    producers = [context.producer(tensor) for tensor in node.inputs]
    neighbours = [*(producer for producer in producers if producer is not None), *context.consumers(node)]
    neighbours += [after for reader in context.consumers(node) for after in context.consumers(reader)]
    return any(neighbour.op_type == "MatMul" for neighbour in neighbours)


def _box_distribution() -> onnx.ModelProto:
    """Draw the swap of a detector's box head: [1, 4, 16, 8400] -> [1, 16, 4, 8400]."""
    graph = GraphSketch()
    return graph.model(graph.node("Relu", graph.node("Transpose", graph.input(1, 4, 16, 8400), perm=[0, 2, 1, 3])))


def _channels_last() -> onnx.ModelProto:
    """Draw an output in channels-last order, which is the chip's own."""
    graph = GraphSketch()
    return graph.model(graph.node("Transpose", graph.conv(graph.input(1, 8, 10, 10), 8, 8), perm=[0, 2, 3, 1]))


RULE = Rule(
    id="general-transpose",
    title="A transpose swaps features with height.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public log (YOLOv8 pose, /model.22/dfl/Transpose)",
            grade="recorded",
            words="UnsupportedShuffleLayerError on /model.22/dfl/Transpose",
        ),
        Evidence(
            source="fast-plate-ocr, attention of a Keras model, failed (3.31, hailo8l); attention of the model "
            "zoo's ViTs passes",
            grade="inferred",
            words="UnsupportedShuffleLayerError in op .../multi_head_attention_3_1/transpose_3",
        ),
    ),
    check=check,
    fix="keep the features on axis 1, or end the graph before it",
    bad=(_box_distribution,),
    good=(_channels_last,),
)
