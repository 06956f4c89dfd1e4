"""Slices by negative steps, over the second of three axes, or over a fifth."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse slices with a negative step, over axis 1 of three, or over axis 4."""
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
    ),
    check=check,
    fix="slice over features of a 4-D tensor; reverse features by reordering the weights of the next convolution",
    bad=(
        _reversed,
        _second_of_three,
    ),
    good=(_features,),
)
