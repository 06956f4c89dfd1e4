"""DepthToSpace and SpaceToDepth: features moved to rows and columns, and back."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder, Unsupported
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.layers import ParamValue
from tasnet2hef.target.graph.layout import hn_shape
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("DepthToSpace", "SpaceToDepth")
def convert_depth_to_space(node: OnnxNode, build: Builder) -> None:
    """Convert a pixel shuffle of one block size."""
    source = build.channels_first(node, build.value(node.inputs[0]))
    known = node.output_shapes[0]
    if known is None or len(known) != 4:
        raise Unsupported(f"{node.op_type} to a shape that is not known")
    block = node.integer("blocksize", 1)
    type_ = "depth_to_space" if node.op_type == "DepthToSpace" else "space_to_depth"
    params: dict[str, ParamValue] = {"block_sizes": (block, block), "mode": node.text("mode", "DCR")}
    value = build.add(node, type_, [source], hn_shape(known, source.layout), params, layout=source.layout)
    build.bind(node.outputs[0], value)
