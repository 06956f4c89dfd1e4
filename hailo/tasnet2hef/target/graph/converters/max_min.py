"""Max and Min: all operands side by side in one tensor, then the largest of each group of features.

Recorded (DFC 3.33.0): a constant operand becomes a full-size `const_input`, then `concat` and a grouped
`reduce_max`; Min is the same between two `normalization` layers that negate.
"""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder, Unsupported, Value
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.elementwise import align, broadcast_shape
from tasnet2hef.target.graph.layers import ParamValue
from tasnet2hef.target.graph.layout import letter_size, with_sizes
from tasnet2hef.target.graph.onnx_node import OnnxNode, Shape

# HN lists one number per feature; no net has more features than this, but a damaged file may claim it.
_MOST_FEATURES = 1 << 20


@converts("Max", "Min")
def convert_max_min(node: OnnxNode, build: Builder) -> None:
    """Convert the larger or the smaller of two or more tensors."""
    values = _operands(node, build)
    if len(values) == 1:
        build.alias(node, values[0])
        return
    shape = broadcast_shape(values)
    full = [_repeated(node, build, value, shape) for value in values]
    features = letter_size(shape, "C")
    if features > _MOST_FEATURES:
        raise Unsupported(f"{node.op_type} of {features} features, expected at most {_MOST_FEATURES}")
    wide = with_sizes(shape, C=features * len(full))
    groups: dict[str, ParamValue] = {"concat_axis": "features", "group_sizes": (1,) * features}
    layout = full[0].layout
    value = build.add(node, "concat", full, wide, groups, layout=layout)
    smallest = node.op_type == "Min"
    if smallest:
        value = _negate(node, build, value)
    value = build.add(
        node,
        "reduce_max",
        [value],
        shape,
        {"groups": features, "reduce_axes": (3,)},
        layout=layout,
        sort_prefix="reduce_min" if smallest else None,
    )
    build.bind(node.outputs[0], _negate(node, build, value) if smallest else value)


def _operands(node: OnnxNode, build: Builder) -> list[Value]:
    varying = [build.value(tensor) for tensor in node.inputs if not build.is_constant(tensor)]
    widest = max(varying, key=lambda value: len(value.layout))
    if len(widest.shape) != 4:
        raise Unsupported(f"{node.op_type} of tensors with {len(widest.layout)} axes")
    values = [
        build.constant_layer(node, tensor, widest) if build.is_constant(tensor) else build.value(tensor)
        for tensor in node.inputs
    ]
    return [align(node, build, value, widest.layout) for value in values]


def _repeated(node: OnnxNode, build: Builder, value: Value, shape: Shape) -> Value:
    if value.shape == shape:
        return value
    if value.draft.type != "const_input":
        return build.resize(node, value, shape)
    tiles = tuple(letter_size(shape, letter) // letter_size(value.shape, letter) for letter in "HWC")
    value.draft.params["input_tiles"] = (tiles,)
    value.draft.shape = shape
    return Value(value.draft, shape, value.layout)


def _negate(node: OnnxNode, build: Builder, value: Value) -> Value:
    params: dict[str, ParamValue] = {"elementwise_add": False, "activation": "linear"}
    return build.add(node, "normalization", [value], value.shape, params, layout=value.layout)
