"""Conv: `conv`, or `dw` where every feature has its own filter."""

from __future__ import annotations

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.builder import Builder, Unsupported
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.kernel_window import apply_padding, kernel_window_params, read_kernel_window
from tasnet2hef.target.graph.layers import ParamValue
from tasnet2hef.target.graph.layout import letter_size, with_sizes
from tasnet2hef.target.graph.onnx_node import OnnxNode

CONVOLUTION_PARAMS: dict[str, ParamValue] = {
    "layer_disparity": 1,
    "input_disparity": 1,
    "batch_norm": False,
    "elementwise_add": False,
    "activation": "linear",
}


@converts("Conv")
def convert_conv(node: OnnxNode, build: Builder) -> None:
    """Convert a convolution over one or two axes; weights `[out, in / groups, *kernel]`."""
    weight = build.constants.shape(node.inputs[1])
    if weight is None or not build.is_constant(node.inputs[1]):
        raise Unsupported("a convolution whose weights are not constant")
    if len(weight) == 5:
        raise Unsupported(f"a convolution over three axes (weights {list(weight)})")
    source = build.channels_first(node, build.value(node.inputs[0]))
    if len(weight) != len(source.layout):
        raise Unsupported(f"weights {list(weight)} on a tensor with axes {source.layout}")
    groups = node.integer("group", 1)
    features, filters = letter_size(source.shape, "C"), weight[0]
    if len(weight) < 3 or weight[1] * groups != features or filters % groups:
        raise GraphError(
            f"{node.where()}: weights {list(weight)} with {groups} groups, but its input has {features} "
            "features; export again"
        )
    window = read_kernel_window(node, source, weight[2:])
    depthwise = groups == features == filters and groups > 1
    padded_source, padding, shape = apply_padding(node, build, source, window)
    params: dict[str, ParamValue] = {
        "kernel_shape": (*window.kernel, features, 1 if depthwise else filters),
        **kernel_window_params(window, padding),
        "groups": 1 if depthwise else groups,
        **CONVOLUTION_PARAMS,
    }
    value = build.add(
        node,
        "dw" if depthwise else "conv",
        [padded_source],
        with_sizes(shape, C=filters),
        params,
        layout=source.layout,
    )
    build.bind(node.outputs[0], value)
