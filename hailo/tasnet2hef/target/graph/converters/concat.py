"""Concat: `concat` over features, height or width; a source used twice goes through a shortcut."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder, Unsupported
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.elementwise import align
from tasnet2hef.target.graph.layout import HN_AXES, letter_size, with_sizes
from tasnet2hef.target.graph.onnx_node import OnnxNode

_AXES = {"C": "features", "H": "spatial_h", "W": "spatial_w"}


@converts("Concat")
def convert_concat(node: OnnxNode, build: Builder) -> None:
    """Convert a concatenation; constants among its inputs become `const_input` layers."""
    like = next(build.value(tensor) for tensor in node.inputs if not build.is_constant(tensor))
    letter = like.letter(node.integer("axis", 1))
    if letter not in _AXES or len(like.shape) != 4:
        raise Unsupported(f"Concat over axis {letter} of a tensor with axes {like.layout}")
    values = [
        build.constant_layer(node, tensor, like)
        if build.is_constant(tensor)
        else align(node, build, build.value(tensor), like.layout)
        for tensor in node.inputs
    ]
    if len(values) == 1:
        build.alias(node, values[0])
        return
    others = [other for other in HN_AXES[1:] if other != letter]
    if len({tuple(letter_size(value.shape, other) for other in others) for value in values}) > 1:
        raise Unsupported(f"Concat over {_AXES[letter]} of {[list(value.shape) for value in values]}")
    total = sum(letter_size(value.shape, letter) for value in values)
    shape = with_sizes(like.shape, **{letter: total})
    value = build.add(node, "concat", values, shape, {"concat_axis": _AXES[letter]}, layout=like.layout)
    build.bind(node.outputs[0], value)
