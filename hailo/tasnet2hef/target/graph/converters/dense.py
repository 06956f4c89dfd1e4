"""Gemm and MatMul: `fc` or a 1x1 `conv` with constant weights, `matmul` of two tensors."""

from __future__ import annotations

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.builder import Builder, Unsupported, Value
from tasnet2hef.target.graph.converters.conv import CONVOLUTION_PARAMS
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.layers import ParamValue
from tasnet2hef.target.graph.layout import elements, hn_shape, letter_size, with_sizes
from tasnet2hef.target.graph.onnx_node import OnnxNode, Shape

_FEATURES_LAST = {2: "NC", 3: "NWC", 4: "NHWC"}


@converts("Gemm", "MatMul")
def convert_dense(node: OnnxNode, build: Builder) -> None:
    """Convert a product with a weight matrix `[in, out]` (Gemm may hold it transposed) or of two tensors."""
    if build.is_constant(node.inputs[0]):
        raise Unsupported(f"{node.op_type} with a constant on the left")
    source = build.value(node.inputs[0])
    if not build.is_constant(node.inputs[1]):
        _product(node, build, source)
        return
    weight = _weight(node, build)
    rank = len(source.layout)
    if node.integer("transA", 0) or rank not in _FEATURES_LAST:
        raise Unsupported(f"{node.op_type} of a tensor with {rank} axes, or transposed")
    if rank == 2 and not (source.layout == "WC" and node.index in build.attention):
        _fully_connected(node, build, source, weight)
        return
    if source.layout[-1] != "C":
        source = build.relayout(node, source, _FEATURES_LAST[rank])
    _check(node, letter_size(source.shape, "C"), weight)
    shape = with_sizes(source.shape, C=weight[1])
    params: dict[str, ParamValue] = {
        "kernel_shape": (1, 1, *weight),
        "strides": (1, 1, 1, 1),
        "dilations": (1, 1, 1, 1),
        "padding": "VALID",
        "groups": 1,
        **CONVOLUTION_PARAMS,
    }
    build.bind(node.outputs[0], build.add(node, "conv", [source], shape, params, layout=source.layout))


def _weight(node: OnnxNode, build: Builder) -> Shape:
    weight = build.constants.shape(node.inputs[1])
    if weight is None or len(weight) != 2:
        raise Unsupported(f"{node.op_type} with weights of shape {weight}")
    return weight[::-1] if node.integer("transB", 0) else weight


def _fully_connected(node: OnnxNode, build: Builder, source: Value, weight: Shape) -> None:
    _check(node, elements(source.shape), weight)
    params: dict[str, ParamValue] = {
        "kernel_shape": weight,
        "batch_norm": False,
        "activation": "linear",
    }
    value = build.add(node, "fc", [source], (-1, 1, 1, weight[1]), params, layout="NC")
    build.bind(node.outputs[0], value)


def _check(node: OnnxNode, features: int, weight: Shape) -> None:
    if features == weight[0]:
        return
    seen_by_onnx = node.input_shapes[0]
    if seen_by_onnx is None or seen_by_onnx[-1] != weight[0]:
        raise GraphError(
            f"{node.where()}: weights {list(weight)}, but its input has {features} features; export again"
        )
    raise Unsupported(
        f"{node.op_type} over the last axis of {list(seen_by_onnx)}, which a reshape made of {features} features"
    )


def _product(node: OnnxNode, build: Builder, source: Value) -> None:
    other = build.value(node.inputs[1])
    known = node.output_shapes[0]
    if known is not None and node.index in build.attention and "h" in source.layout + other.layout:
        _product_of_heads(node, build, (source, other), known)
        return
    if known is None or len(known) not in _FEATURES_LAST or len(source.layout) != len(other.layout):
        raise Unsupported(f"a product of tensors with axes {source.layout} and {other.layout}")
    layout = source.layout if source.layout[-1] == "C" else _FEATURES_LAST[len(known)]
    params: dict[str, ParamValue] = {"activation": "linear"}
    value = build.add(node, "matmul", [source, other], hn_shape(known, layout), params, layout=layout)
    build.bind(node.outputs[0], value)


def _product_of_heads(node: OnnxNode, build: Builder, values: tuple[Value, Value], known: Shape) -> None:
    """Add the product of two tensors head by head: the heads' results lie side by side among the features."""
    layout = next(value.layout for value in values if "h" in value.layout)
    heads = known[layout.index("h")]
    rest = layout.replace("C", "").replace("W", "")
    if len(layout) != len(known) or not set(rest) <= set("NHSh"):
        raise Unsupported(f"a product of tensors with axes {values[0].layout} and {values[1].layout}")
    shape = (-1, 1, known[-2], known[-1] * heads)
    params: dict[str, ParamValue] = {"activation": "linear", "groups": heads}
    build.bind(node.outputs[0], build.add(node, "matmul", values, shape, params, layout=f"{layout[:-2]}WC"))
