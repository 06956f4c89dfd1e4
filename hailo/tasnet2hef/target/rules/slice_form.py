"""Slices by other steps than one, over the second of three axes, or over a fifth."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.onnx_node import OnnxNode
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

_PATCH = 4
_SELECT = (
    "write it as a depthwise convolution of kernel and stride 2 that selects, weights [1, 0] or [0, 1]: the same "
    "numbers, and it compiled"
)


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse slices with a negative step, or over axis 1 of three; warn of steps of two and more."""
    for node in context.nodes("Slice"):
        shape = node.input_shapes[0]
        rank = len(shape) if shape else 4
        axes = node.integers("axes") or (node.integer_values(3) if node.has_input(3) else None)
        steps = node.integer_values(4) if node.has_input(4) else None
        sliced = [axis % rank for axis in axes] if axes else []
        if steps and min(steps) < 0:
            yield RULE.finding(context, f"Slice with step {min(steps)}, expected 1 or more", node=node)
        elif rank == 3 and 1 in sliced and node.input_shapes[0] != node.output_shapes[0]:
            message = f"Slice over axis 1 of {list(shape or ())} ('UnsupportedSliceLayerError')"
            yield RULE.finding(context, message, node=node, evidence=1)
        elif steps and max(steps) > 1 and not _is_space_to_depth(context, node):
            message = f"Slice with step {max(steps)}: no layer of the chip leaves out values between others"
            yield RULE.finding(context, message, node=node, evidence=2, fix=_SELECT)


def _is_space_to_depth(context: RuleContext, node: OnnxNode) -> bool:
    """Return whether a Concat joins a slice with three others: the front of a YOLOv5, or a patch merge."""
    readers = context.consumers(node)
    while len(readers) == 1 and readers[0].op_type == "Slice":
        readers = context.consumers(readers[0])
    joins = [reader for reader in readers if reader.op_type == "Concat"]
    return any(
        len(join.inputs) >= _PATCH and all(_is_sliced(context, tensor) for tensor in join.inputs) for join in joins
    ) or any(reader.op_type == "Slice" and _is_space_to_depth(context, reader) for reader in readers)


def _is_sliced(context: RuleContext, tensor: str) -> bool:
    producer = context.producer(tensor)
    return producer is not None and producer.op_type == "Slice"


def _reversed() -> onnx.ModelProto:
    """Draw a reversal of features by step -1, as a flow's flip."""
    graph = GraphSketch()
    ends = graph.integers(-1), graph.integers(-1000), graph.integers(1), graph.integers(-1)
    return graph.model(graph.node("Slice", graph.input(1, 192, 148, 1), *ends))


def _second_of_three() -> onnx.ModelProto:
    """Draw a slice over axis 1 of [1, 100, 64]."""
    graph = GraphSketch()
    ends = graph.integers(0), graph.integers(50), graph.integers(1)
    return graph.model(graph.node("Relu", graph.node("Slice", graph.input(1, 100, 64), *ends)))


def _every_second() -> onnx.ModelProto:
    """Draw the even and the odd columns, as a wavelet's lifting takes them, and their difference."""
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 64, 1, 128), 64, 64)
    end, axis, step = graph.integers(128), graph.integers(3), graph.integers(2)
    halves = [graph.node("Slice", source, graph.integers(start), end, axis, step) for start in (0, 1)]
    return graph.model(graph.node("Sub", *halves))


def _space_to_depth() -> onnx.ModelProto:
    """Draw the front of a YOLOv5: four slices by two over rows and columns, joined."""
    graph = GraphSketch()
    source = graph.input(1, 3, 32, 32)
    end, step = graph.integers(32), graph.integers(2)
    parts = [
        graph.node(
            "Slice",
            graph.node("Slice", source, graph.integers(row), end, graph.integers(2), step),
            graph.integers(column),
            end,
            graph.integers(3),
            step,
        )
        for row in (0, 1)
        for column in (0, 1)
    ]
    return graph.model(graph.conv(graph.node("Concat", *parts, axis=1), 12, 8))


def _features() -> onnx.ModelProto:
    """Draw a slice over features, which compiled."""
    graph = GraphSketch()
    ends = graph.integers(0), graph.integers(32), graph.integers(1)
    return graph.model(graph.node("Relu", graph.node("Slice", graph.input(1, 64, 10, 10), *ends)))


RULE = Rule(
    id="slice-form",
    title="A slice has a form that the parser does not support.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="steveonw/Piper-VITS-TTS-on-Hailo-10H (negative step)",
            grade="recorded",
            words="UnsupportedSliceLayerError",
            version="5.3.0",
        ),
        Evidence(
            source="public log of a beat tracker (axis 1 of a 3-D tensor; hailo8l); masa0810/hailo8-model "
            "(axis 4)",
            grade="recorded",
            words="UnsupportedSliceLayerError",
        ),
        Evidence(
            source="public log (AWN, a radio modulation net, hailo8): steps of 2 called not supported and "
            "replaced; the compiler's words are not on record",
            grade="inferred",
            version="3.33.0, 3.34.0",
        ),
    ),
    check=check,
    fix="slice over features of a 4-D tensor; reverse features by reordering the weights of the next convolution",
    bad=(
        _reversed,
        _second_of_three,
        _every_second,
    ),
    good=(_features, _space_to_depth),
)
