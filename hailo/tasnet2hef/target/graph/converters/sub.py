"""Sub: `ew_sub` of two tensors, an affine layer with a constant."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.elementwise import affine, combine, is_affine, is_filled_with, operands, shift
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("Sub")
def convert_sub(node: OnnxNode, build: Builder) -> None:
    """Convert a difference."""
    first, second = node.inputs
    if build.is_constant(second):
        source = build.value(first)
        if is_affine(build, second, source):
            if is_filled_with(build, second, 0.0):
                build.alias(node, source)
            else:
                shift(node, build, source)
            return
    elif build.is_constant(first):
        source = build.value(second)
        if is_affine(build, first, source):
            affine(node, build, source)
            return
    combine(node, build, "ew_sub", operands(node, build), {})
