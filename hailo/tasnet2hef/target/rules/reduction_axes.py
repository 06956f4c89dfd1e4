"""Maxima and sums over axes that the parser has no reduction for."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse a maximum except over features with keepdims, and a sum over height or width."""
    for layer in context.net.unsupported:
        node = layer.onnx[0]
        shape = node.input_shapes[0] if node.input_shapes else None
        if node.op_type not in ("ReduceMax", "ReduceSum") or (shape is not None and len(shape) > 4):
            continue
        name = node.op_type.replace("Reduce", "reduce ").lower()
        message = (
            f"{layer.reason}; Unsupported{node.op_type}LayerError: {name} is only supported on the features axis"
            f"{', and with keepdim=True' if node.op_type == 'ReduceMax' else ''}"
        )
        yield RULE.finding(context, message, layer=layer)


def _max_without_axis() -> onnx.ModelProto:
    """Draw a maximum over features that drops the axis."""
    graph = GraphSketch()
    return graph.model(graph.node("ReduceMax", graph.input(1, 80, 10, 10), axes=[1], keepdims=0))


def _sum_over_height() -> onnx.ModelProto:
    """Draw a sum over axis -2."""
    graph = GraphSketch()
    return graph.model(graph.node("ReduceSum", graph.input(1, 8, 16, 4), graph.integers(-2), keepdims=0))


def _max_over_features() -> onnx.ModelProto:
    """Draw a maximum and a sum over features."""
    graph = GraphSketch()
    source = graph.input(1, 80, 10, 10)
    total = graph.node("ReduceSum", source, graph.integers(1), keepdims=1)
    return graph.model(graph.node("ReduceMax", source, axes=[1], keepdims=1), total)


RULE = Rule(
    id="reduction-axes",
    title="A maximum or a sum runs over an axis other than the features.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public logs of YOLO26 (hailo8l) and a gated delta net (hailo10h)",
            grade="recorded",
            words="UnsupportedReduceMaxLayerError: Reduce max is only supported on the features axis, and with "
            "keepdim=True\nUnsupportedReduceSumLayerError",
            version="5.4.0",
        ),
    ),
    check=check,
    fix="bring the axis to the features (axis 1 of NCHW) and keep it, or end the graph before it",
    bad=(
        _max_without_axis,
        _sum_over_height,
    ),
    good=(_max_over_features,),
)
