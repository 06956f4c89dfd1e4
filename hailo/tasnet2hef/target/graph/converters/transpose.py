"""Transpose: only the layout changes; a later layer that needs another order converts it."""

from __future__ import annotations

from dataclasses import replace

from tasnet2hef.target.graph.builder import Builder
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("Transpose")
def convert_transpose(node: OnnxNode, build: Builder) -> None:
    """Convert a change of axis order: the data stays NHWC, so the layer before it absorbs the node."""
    source = build.value(node.inputs[0])
    rank = len(source.layout)
    order = node.integers("perm") or tuple(reversed(range(rank)))
    if order == tuple(range(rank)):
        build.alias(node, source)
        return
    layout = source.letters(order)
    build.bind(node.outputs[0], replace(build.absorb(node, source), layout=layout))
