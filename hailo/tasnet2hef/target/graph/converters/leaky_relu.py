"""LeakyRelu: activation `leaky` with its slope."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("LeakyRelu")
def convert_leaky_relu(node: OnnxNode, build: Builder) -> None:
    """Convert a ReLU with one slope below zero."""
    alpha = node.number("alpha", 0.01)
    build.activate(node, build.value(node.inputs[0]), "leaky", {"leaky_alpha": alpha})
