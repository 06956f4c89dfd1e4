"""Identity, Dropout and casts between floats: dropped without a layer."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder, Unsupported
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.onnx_node import OnnxNode

_FLOATS = (1, 10, 11, 16)  # ONNX's codes of float32, float16, float64 and bfloat16


@converts("Identity", "Dropout")
def convert_identity(node: OnnxNode, build: Builder) -> None:
    """Drop a node that does not change its input at inference."""
    build.alias(node, build.value(node.inputs[0]))


@converts("Cast")
def convert_cast(node: OnnxNode, build: Builder) -> None:
    """Drop a cast to a float type; refuse casts to integers and booleans."""
    if node.integer("to", 1) not in _FLOATS:
        raise Unsupported(f"Cast to ONNX type {node.integer('to', 1)}; the compiler works on one float type")
    build.alias(node, build.value(node.inputs[0]))
