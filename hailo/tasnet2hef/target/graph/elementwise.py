"""Two tensors, or a tensor and a constant, combined value by value: broadcasts, affine layers, biases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tasnet2hef.target.graph.builder import Builder, Unsupported, Value
from tasnet2hef.target.graph.layers import CONVOLUTIONS, ParamValue
from tasnet2hef.target.graph.layout import hn_shape, letter_size, significant_sizes
from tasnet2hef.target.graph.onnx_node import OnnxNode, Shape


def operands(node: OnnxNode, build: Builder) -> tuple[Value, Value]:
    """Return both operands as layers; a constant becomes a `const_input` aligned with the other."""
    first, second = node.inputs[0], node.inputs[1]
    if build.is_constant(first):
        other = build.value(second)
        return build.constant_layer(node, first, other), other
    value = build.value(first)
    if build.is_constant(second):
        return value, build.constant_layer(node, second, value)
    return value, build.value(second)


def combine(
    node: OnnxNode, build: Builder, type_: str, values: Sequence[Value], extra: dict[str, ParamValue]
) -> None:
    """Add an elementwise layer; height and width are resized to fit, features repeated by the unit.

    Recorded: `[1, 1, 1]` against `[1, 1999, 512]` becomes a resize to `[1, 1999, 1]` and
    `input_repeats` of `[1, 1, 512]`.  Raises Unsupported for shapes that do not broadcast.
    """
    layout = max((value.layout for value in values), key=len)
    aligned = [align(node, build, value, layout) for value in values]
    shape = broadcast_shape(aligned)
    sized = [build.broadcast(node, value, shape) for value in aligned]
    params: dict[str, ParamValue] = {"activation": "linear", **extra}
    repeats = tuple(tuple(_ratio(shape, value.shape, letter) for letter in "HWC") for value in sized)
    if any(repeat != (1, 1, 1) for repeat in repeats):
        params["input_repeats"] = repeats
    build.bind(node.outputs[0], build.add(node, type_, sized, shape, params, layout=layout))


def align(node: OnnxNode, build: Builder, value: Value, layout: str) -> Value:
    """Return `value` with its axes, counted from the last, lettered as `layout`."""
    expected = layout[len(layout) - len(value.layout) :]
    if value.layout == expected:
        return value if len(value.shape) == len(hn_shape((1,) * len(layout), layout)) else _widened(value)
    sizes = dict.fromkeys(layout, 1)
    for old, new in zip(value.layout, expected, strict=True):
        sizes[new] = letter_size(value.shape, old)
    shape = hn_shape(tuple(sizes[letter] for letter in layout), layout)
    if significant_sizes(shape) == significant_sizes(value.shape):
        return replace(value, shape=shape, layout=layout)
    params: dict[str, ParamValue] = {"from_layout": value.layout, "to_layout": layout}
    return build.add(node, "format_conversion", [value], shape, params, layout=layout)


def broadcast_shape(values: Sequence[Value]) -> Shape:
    """Return the NHWC shape that all values broadcast to; raise Unsupported when they do not."""
    shape = []
    for sizes in zip(*(value.shape for value in values), strict=True):
        wide = {size for size in sizes if size != 1}
        if len(wide) > 1:
            shapes = " and ".join(str(list(value.shape)) for value in values)
            raise Unsupported(f"shapes {shapes} do not broadcast")
        shape.append(wide.pop() if wide else 1)
    return tuple(shape)


def is_affine(build: Builder, tensor: str, source: Value) -> bool:
    """Return whether a constant holds one number, or one per feature of `source`."""
    shape = build.constants.shape(tensor)
    if shape is None:
        return False
    shape = shape[max(len(shape) - len(source.layout), 0) :] if _is_single(shape) else shape
    if len(shape) > len(source.layout):
        return False
    letters = source.layout[len(source.layout) - len(shape) :]
    features = letter_size(source.shape, "C")
    return all(
        size == 1 or (letter == "C" and size == features) for letter, size in zip(letters, shape, strict=True)
    )


def is_filled_with(build: Builder, tensor: str, number: float) -> bool:
    """Return whether a small constant holds nothing but `number`; False if its values are not known."""
    values = build.constant(tensor)
    return values is not None and values.size > 0 and bool(np.all(values == number))


def affine(node: OnnxNode, build: Builder, source: Value, prefix: str = "mul_and_add") -> None:
    """Add a layer that scales and shifts each feature; HN does not count its weights."""
    params: dict[str, ParamValue] = {"elementwise_add": False, "activation": "linear"}
    value = build.add(node, "normalization", [source], source.shape, params, layout=source.layout, prefix=prefix)
    build.bind(node.outputs[0], value)


def shift(node: OnnxNode, build: Builder, source: Value) -> None:
    """Add a constant per feature: a convolution's bias, the second half of a scale, or a layer of its own."""
    if build.can_absorb(source, CONVOLUTIONS):
        build.bind(node.outputs[0], build.absorb(node, source))
        return
    draft = source.draft
    if build.can_absorb(source, ("normalization",)) and [n.op_type for n in draft.onnx] == ["Mul"]:
        draft.prefix = draft.sort_prefix = "normalization"
        build.bind(node.outputs[0], build.absorb(node, source))
        return
    affine(node, build, source)


def _ratio(whole: Shape, part: Shape, letter: str) -> int:
    return letter_size(whole, letter) // max(letter_size(part, letter), 1)


def _is_single(shape: Shape) -> bool:
    return all(size == 1 for size in shape)


def _widened(value: Value) -> Value:
    """Return a 4-D value as the 5-D tensor it broadcasts to."""
    return replace(value, shape=(-1, 1, *value.shape[1:]))
