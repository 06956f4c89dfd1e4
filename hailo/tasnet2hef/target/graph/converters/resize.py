"""Resize and Upsample: `resize`, nearest or bilinear."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder, Unsupported
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.layout import hn_shape
from tasnet2hef.target.graph.onnx_node import OnnxNode

_METHODS = {"nearest": "nearest_neighbor", "linear": "bilinear"}


@converts("Resize", "Upsample")
def convert_resize(node: OnnxNode, build: Builder) -> None:
    """Convert a change of height and width; cubic and others are refused."""
    source = build.value(node.inputs[0])
    mode = node.text("mode", "nearest")
    shape = node.output_shapes[0]
    if mode not in _METHODS:
        raise Unsupported(f"{node.op_type} of mode {mode}; nearest and linear are supported")
    if shape is None or len(source.shape) != 4:
        raise Unsupported(f"{node.op_type} to a shape that is not known, or of 5 axes")
    target = hn_shape(shape, source.layout)
    if target == source.shape:
        build.alias(node, source)
        return
    build.bind(node.outputs[0], build.resize(node, source, target, _METHODS[mode]))
