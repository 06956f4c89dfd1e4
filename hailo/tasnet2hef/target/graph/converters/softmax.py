"""Softmax: `softmax` over features (four compiled layers); other axes are refused."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder, Unsupported
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("Softmax")
def convert_softmax(node: OnnxNode, build: Builder) -> None:
    """Convert a softmax over the features."""
    source = build.value(node.inputs[0])
    letter = source.letter(node.integer("axis", -1))
    if letter != "C" or len(source.shape) != 4:
        raise Unsupported(f"Softmax over axis {letter} of {source.layout}; supported over features only")
    value = build.add(node, "softmax", [source], source.shape, {"axis": 3, "groups": 1}, layout=source.layout)
    build.bind(node.outputs[0], value)
