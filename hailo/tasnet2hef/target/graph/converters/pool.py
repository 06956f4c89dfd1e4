"""AveragePool, MaxPool and their global forms: `avgpool` and `maxpool`."""

from __future__ import annotations

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.builder import Builder
from tasnet2hef.target.graph.converters.reduce import pool_whole
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.kernel_window import apply_padding, read_kernel_window
from tasnet2hef.target.graph.layers import ParamValue
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("AveragePool", "MaxPool")
def convert_pool(node: OnnxNode, build: Builder) -> None:
    """Convert a pooling over a kernel window."""
    kernel = node.integers("kernel_shape")
    if kernel is None:
        raise GraphError(f"{node.where()}: no kernel_shape; export again")
    source = build.channels_first(node, build.value(node.inputs[0]))
    window = read_kernel_window(node, source, kernel)
    padded_source, padding, shape = apply_padding(node, build, source, window)
    params: dict[str, ParamValue] = {
        "kernel_shape": (1, *window.kernel, 1),
        "strides": (1, *window.strides, 1),
        "padding": padding,
    }
    type_ = "maxpool"
    if node.op_type == "AveragePool":
        type_ = "avgpool"
        include = padding == "VALID" or bool(node.integer("count_include_pad", 0))
        params.update({"activation": "linear", "count_include_pad": include})
    value = build.add(node, type_, [padded_source], shape, params, layout=source.layout)
    build.bind(node.outputs[0], value)


@converts("GlobalAveragePool", "GlobalMaxPool")
def convert_global_pool(node: OnnxNode, build: Builder) -> None:
    """Convert a pooling over the whole height and width."""
    source = build.channels_first(node, build.value(node.inputs[0]))
    type_ = "avgpool" if node.op_type == "GlobalAveragePool" else "maxpool"
    value = pool_whole(node, build, source, "HW", type_)
    build.bind(node.outputs[0], build.absorb(node, value) if value.draft is source.draft else value)
