"""Add: `ew_add` of two tensors; a constant is a bias, an affine layer, or nothing when it is zero."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.elementwise import combine, is_affine, is_filled_with, operands, shift
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("Add")
def convert_add(node: OnnxNode, build: Builder) -> None:
    """Convert a sum; adding zero makes no layer (recorded: `Add` of a constant 0.0 to a convolution)."""
    for constant, tensor in (node.inputs, node.inputs[::-1]):
        if not build.is_constant(constant):
            continue
        source = build.value(tensor)
        if is_affine(build, constant, source):
            if is_filled_with(build, constant, 0.0):
                build.alias(node, source)
            else:
                shift(node, build, source)
            return
    combine(node, build, "ew_add", operands(node, build), {})
