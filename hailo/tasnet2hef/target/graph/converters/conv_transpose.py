"""ConvTranspose: `deconv`, whose output is always input times stride.

Recorded (DFC 3.33.0): kernel 16, stride 8, no pads on 1,999 columns gives 16,000 in ONNX and 15,992 in
HN with padding DECONV: samples that overlap the end are dropped.
"""

from __future__ import annotations

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.builder import Builder, Unsupported
from tasnet2hef.target.graph.converters.conv import CONVOLUTION_PARAMS
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.kernel_window import kernel_window_params, read_kernel_window
from tasnet2hef.target.graph.layers import ParamValue
from tasnet2hef.target.graph.layout import letter_size, with_sizes
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("ConvTranspose")
def convert_conv_transpose(node: OnnxNode, build: Builder) -> None:
    """Convert a transposed convolution; weights `[in, out / groups, *kernel]`."""
    weight = build.constants.shape(node.inputs[1])
    if weight is None or not build.is_constant(node.inputs[1]):
        raise Unsupported("a transposed convolution whose weights are not constant")
    if len(weight) == 5:
        raise Unsupported(f"a transposed convolution over three axes (weights {list(weight)})")
    source = build.channels_first(node, build.value(node.inputs[0]))
    if len(weight) != len(source.layout):
        raise Unsupported(f"weights {list(weight)} on a tensor with axes {source.layout}")
    groups = node.integer("group", 1)
    features = letter_size(source.shape, "C")
    if len(weight) < 3 or weight[0] != features or features % groups:
        raise GraphError(
            f"{node.where()}: weights {list(weight)} with {groups} groups, but its input has {features} "
            "features; export again"
        )
    window = read_kernel_window(node, source, weight[2:])
    shape = with_sizes(
        source.shape,
        H=letter_size(source.shape, "H") * window.strides[0],
        W=letter_size(source.shape, "W") * window.strides[1],
        C=weight[1] * groups,
    )
    params: dict[str, ParamValue] = {
        "kernel_shape": (*window.kernel, features, weight[1] * groups),
        **kernel_window_params(window, "DECONV"),
        "groups": groups,
        **CONVOLUTION_PARAMS,
    }
    build.bind(node.outputs[0], build.add(node, "deconv", [source], shape, params, layout=source.layout))
