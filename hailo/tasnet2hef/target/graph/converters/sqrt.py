"""Sqrt: activation `sqrt`; as a denominator it becomes `inv_sqrt` (see `div`)."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("Sqrt")
def convert_sqrt(node: OnnxNode, build: Builder) -> None:
    """Convert a square root: a layer of its own when its only consumer divides by it."""
    source = build.value(node.inputs[0])
    tensor = node.outputs[0]
    consumers = build.consumers.get(tensor, ())
    if len(consumers) == 1 and consumers[0].op_type == "Div" and consumers[0].inputs[1] == tensor:
        value = build.add(node, "activation", [source], source.shape, {"activation": "sqrt"}, layout=source.layout)
        build.bind(tensor, value)
        return
    build.activate(node, source, "sqrt")
