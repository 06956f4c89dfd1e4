"""Tile and Expand: repeats.  Tile is a resize; an Expand is refused unless all its consumers are arithmetic.

Recorded: Expand raises UnexpectedNodeError; before a division (channel L2 norm) it passed, since the
elementwise unit repeats by itself.
"""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder, Unsupported
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.layout import hn_shape
from tasnet2hef.target.graph.onnx_node import OnnxNode

_ARITHMETIC = ("Add", "Sub", "Mul", "Div")


@converts("Tile")
def convert_tile(node: OnnxNode, build: Builder) -> None:
    """Convert a repeat along height, width or features."""
    source = build.value(node.inputs[0])
    before, after = node.input_shapes[0], node.output_shapes[0]
    if before is None or after is None or len(source.shape) != 4:
        raise Unsupported("Tile to a shape that is not known, or of 5 axes")
    if "N" in source.layout and before[source.layout.index("N")] != after[source.layout.index("N")]:
        raise Unsupported(f"Tile {list(before)} -> {list(after)} repeats the batch")
    if before == after:
        build.alias(node, source)
        return
    build.bind(node.outputs[0], build.resize(node, source, hn_shape(after, source.layout)))


@converts("Expand")
def convert_expand(node: OnnxNode, build: Builder) -> None:
    """Drop an Expand that keeps its input's shape or that feeds arithmetic only; refuse others."""
    source = build.value(node.inputs[0])
    consumers = build.consumers.get(node.outputs[0], ())
    same = node.input_shapes[0] == node.output_shapes[0] is not None
    ranks = [None if shape is None else len(shape) for shape in (node.input_shapes[0], node.output_shapes[0])]
    arithmetic = bool(consumers) and all(consumer.op_type in _ARITHMETIC for consumer in consumers)
    if not same and not (arithmetic and ranks[0] == ranks[1]):
        raise Unsupported("Expand; the compiler takes it only as an operand of arithmetic")
    build.alias(node, source)
