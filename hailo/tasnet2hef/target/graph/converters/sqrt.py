"""Sqrt: activation `sqrt`; below a fraction line it becomes `inv_sqrt` (see `div`)."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("Sqrt")
def convert_sqrt(node: OnnxNode, build: Builder) -> None:
    """Convert a square root: a layer of its own when a division is all that reads it."""
    source = build.value(node.inputs[0])
    tensor = node.outputs[0]
    readers = build.readers.get(tensor, ())
    if len(readers) == 1 and readers[0].op_type == "Div" and readers[0].inputs[1] == tensor:
        value = build.add(node, "activation", [source], source.shape, {"activation": "sqrt"}, layout=source.layout)
        build.bind(tensor, value)
        return
    build.activate(node, source, "sqrt")
