"""A range clipped with a Max and a Min of constants."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.onnx_node import OnnxNode
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

_OTHER = {"Max": "Min", "Min": "Max"}


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse a Max with a constant that reads a Min with one, or the other way round."""
    for node in context.nodes("Max", "Min"):
        for inner in map(context.producer, node.inputs):
            if inner is None or inner.op_type != _OTHER[node.op_type]:
                continue
            if _bounds(context, node) and _bounds(context, inner):
                message = f"{inner.op_type}, then {node.op_type}: read as one clip, which fails (clip_min)"
                yield RULE.finding(context, message, node=node)


def _bounds(context: RuleContext, node: OnnxNode) -> bool:
    """Return whether a node compares one tensor with numbers that are the same everywhere."""
    constants = [tensor for tensor in node.inputs if context.is_constant(tensor)]
    shapes = [context.shape(tensor) for tensor in constants]
    return len(constants) == len(node.inputs) - 1 and all(
        shape is not None and all(size == 1 for size in shape) for shape in shapes
    )


def _clipped(first: str, second: str) -> onnx.ModelProto:
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 8, 10, 10), 8, 8)
    bounds = {"Max": 0.0, "Min": 1.0}
    inner = graph.node(first, source, graph.scalar(bounds[first]))
    return graph.model(graph.node(second, inner, graph.scalar(bounds[second])))


def _from_below() -> onnx.ModelProto:
    """Draw min(max(x, 0), 1)."""
    return _clipped("Max", "Min")


def _from_above() -> onnx.ModelProto:
    """Draw max(min(x, 1), 0)."""
    return _clipped("Min", "Max")


def _clip() -> onnx.ModelProto:
    """Draw the same as a Clip."""
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 8, 10, 10), 8, 8)
    return graph.model(graph.node("Clip", source, graph.scalar(0.0), graph.scalar(1.0)))


RULE = Rule(
    id="clip-by-max-min",
    title="A range is clipped with a Max and a Min.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public log (operator sweep on hailo10h): max 0, then min 1",
            grade="recorded",
            words="clip_min",
            version="5.3.0",
        ),
    ),
    check=check,
    fix="write it as Clip (torch.clamp), or as relu(x) - relu(x - 1)",
    bad=(_from_below, _from_above),
    good=(_clip,),
)
