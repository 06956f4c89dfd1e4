"""Reshapes that move data between axes: the parser supports only a few, depending on the layers around them."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.onnx_node import Shape
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

_RESHAPES = ("Reshape", "Flatten", "Squeeze", "Unsqueeze")


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse reshapes that split or merge axes, except features split into heads, which parsed once."""
    for layer in context.net.unsupported:
        node = layer.onnx[0]
        if node.op_type not in _RESHAPES:
            continue
        before, after = node.input_shapes[0], node.output_shapes[0]
        if before is None or after is None or max(len(before), len(after)) > 4:
            continue
        message = f"{node.op_type} {list(before)} -> {list(after)} shuffles data between axes"
        if _splits_features(before, after):
            message += "; a split of the features axis was parsed as a shortcut that keeps the old shape"
            yield RULE.finding(context, message, layer=layer, evidence=1, level="warning")
        else:
            yield RULE.finding(context, f"{message}; seen to end in UnsupportedShuffleLayerError", layer=layer)
    yield from _dense_of_rows(context)


def _dense_of_rows(context: RuleContext) -> Iterable[Finding]:
    """Refuse a dense layer over the rows of [T, C] that is reshaped to three axes again, as Keras writes one."""
    for node in context.nodes("Reshape"):
        before, after = node.input_shapes[0], node.output_shapes[0]
        if node.index in context.attention or not before or not after or len(before) != 3 or len(after) != 2:
            continue
        if before[1:] != after or 1 in after:
            continue
        for dense in context.consumers(node):
            back = [reader.op_type for reader in context.consumers(dense)]
            if dense.op_type in ("MatMul", "Gemm") and "Reshape" in back:
                message = (
                    f"Reshape {list(before)} -> {list(after)} for a dense layer, and back: seen to end in "
                    "UnsupportedShuffleLayerError"
                )
                yield RULE.finding(context, message, node=node)


def _splits_features(before: Shape, after: Shape) -> bool:
    """Return whether the last of three axes becomes two: [1, 8, 2048] -> [1, 8, 16, 128]."""
    return len(before) == 3 and len(after) == 4 and before[:2] == after[:2]


def _view() -> onnx.ModelProto:
    """Draw a view that trades features for width: [1, 128, 50, 4] -> [1, 64, 100, 4]."""
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 128, 50, 4), 128, 128)
    return graph.model(graph.node("Relu", graph.node("Reshape", source, graph.integers(1, 64, 100, 4))))


def _head_flatten() -> onnx.ModelProto:
    """Draw a Flatten that no dense layer reads."""
    graph = GraphSketch()
    return graph.model(graph.node("Flatten", graph.conv(graph.input(1, 8, 10, 10), 8, 8), axis=1))


def _keras_dense() -> onnx.ModelProto:
    """Draw a dense layer over three axes as Keras writes it: [1, 100, 64] -> [100, 64], and back."""
    graph = GraphSketch()
    rows = graph.node("Reshape", graph.input(1, 100, 64), graph.integers(100, 64))
    dense = graph.node("MatMul", rows, graph.weight(64, 32))
    return graph.model(graph.node("Reshape", dense, graph.integers(1, 100, 32)))


def _before_dense() -> onnx.ModelProto:
    """Draw a Flatten in front of a dense layer."""
    graph = GraphSketch()
    flat = graph.node("Flatten", graph.conv(graph.input(1, 8, 10, 10), 8, 8), axis=1)
    return graph.model(graph.node("Gemm", flat, graph.weight(800, 5)))


def _unit_axis() -> onnx.ModelProto:
    """Draw a reshape that only drops an axis of size 1, at the end."""
    graph = GraphSketch()
    return graph.model(
        graph.node("Reshape", graph.conv(graph.input(1, 8, 1, 100), 8, 8), graph.integers(1, 8, 100))
    )


RULE = Rule(
    id="general-reshape",
    title="A reshape moves data between axes.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="weftspun/interactor-hailo-ugen300 (hailo10h); public logs of YOLO heads and Keras dense "
            "layers (hailo8l)",
            grade="recorded",
            words="UnsupportedShuffleLayerError in op ...: Failed to determine type of layer to create",
            version="3.31, 5.x",
        ),
        Evidence(
            source="public log (attention heads; hailo10h): Reshape [1,8,2048] -> [1,8,16,128] became a shortcut",
            grade="recorded",
            version="5.4.0",
        ),
    ),
    check=check,
    fix="keep [N, C, H, W] from end to end; split and join with convolutions, Slice and Concat over features, "
    "or end the graph before it",
    bad=(
        _view,
        _head_flatten,
        _keras_dense,
    ),
    good=(
        _before_dense,
        _unit_axis,
    ),
)
