"""Operators that the compiler accepts and does not perform: numbers go wrong without an error."""

from __future__ import annotations

from collections.abc import Iterable

import onnx
from onnx import TensorProto

from tasnet2hef.target.graph.onnx_node import OnnxNode
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

_INTEGERS = frozenset(
    {
        *(TensorProto.INT8, TensorProto.INT16, TensorProto.INT32, TensorProto.INT64),
        *(TensorProto.UINT8, TensorProto.UINT16, TensorProto.UINT32, TensorProto.UINT64),
    }
)
_WHOLE = (
    "ArgMax",
    "ArgMin",
    "And",
    "Equal",
    "Greater",
    "GreaterOrEqual",
    "Less",
    "LessOrEqual",
    "Not",
    "Or",
    "Shape",
)
"""Operators of whole numbers or truth values: a cast of theirs changes no value."""


def is_skipped(node: OnnxNode) -> bool:
    """Return whether the compiler passes a node's input through: a Floor, or a Cast that cuts fractions off."""
    return node.op_type == "Floor" or (node.op_type == "Cast" and node.integer("to", 0) in _INTEGERS)


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse rounding of data: what comes out on the chip is what went in."""
    for node in context.nodes("Floor", "Cast"):
        if is_skipped(node) and not _is_whole(context, node.inputs[0]):
            what = "Floor" if node.op_type == "Floor" else "Cast to integers"
            message = (
                f"{what}: accepted, and not performed: the output is the input, off by up to 1, without an error"
            )
            yield RULE.finding(context, message, node=node)


def _is_whole(context: RuleContext, tensor: str) -> bool:
    """Return whether a tensor is known to hold no fractions."""
    producer = context.producer(tensor)
    if producer is not None:
        return producer.op_type in _WHOLE or is_skipped(producer)
    inputs = () if context.model is None else context.model.graph.input
    types = {value.name: value.type.tensor_type.elem_type for value in inputs}
    return types.get(tensor) in _INTEGERS


def _floor() -> onnx.ModelProto:
    """Draw a Floor between two convolutions."""
    graph = GraphSketch()
    rounded = graph.node("Floor", graph.conv(graph.input(1, 8, 10, 10), 8, 8))
    return graph.model(graph.conv(rounded, 8, 8))


def _cast() -> onnx.ModelProto:
    """Draw a Cast to int32 and back."""
    graph = GraphSketch()
    whole = graph.node("Cast", graph.conv(graph.input(1, 8, 10, 10), 8, 8), to=TensorProto.INT32)
    return graph.model(graph.node("Cast", whole, to=TensorProto.FLOAT))


def _classes() -> onnx.ModelProto:
    """Draw the best class of each pixel, cast to int32, which loses nothing."""
    graph = GraphSketch()
    best = graph.node("ArgMax", graph.conv(graph.input(1, 8, 10, 10), 8, 8), axis=1)
    return graph.model(graph.node("Cast", graph.node("Cast", best, to=TensorProto.INT32), to=TensorProto.FLOAT))


def _plain() -> onnx.ModelProto:
    """Draw a convolution and a ReLU."""
    graph = GraphSketch()
    return graph.model(graph.node("Relu", graph.conv(graph.input(1, 8, 10, 10), 8, 8)))


RULE = Rule(
    id="silently-not-performed",
    title="An operator is accepted and does nothing.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public log (operator sweep on hailo10h): a Floor returned its input, off by up to 0.875",
            grade="recorded",
            version="5.3.0",
        ),
    ),
    check=check,
    fix="end the graph before it and round on the host",
    bad=(_floor, _cast),
    good=(_plain, _classes),
    accepted=True,
)
