"""LayerNormalization, InstanceNormalization, GroupNormalization: one layer each as parsed.

Compiled, a layer norm is about 20 layers (recorded in the vendor's own model scripts).
"""

from __future__ import annotations

from collections.abc import Sequence

from tasnet2hef.target.graph.builder import Builder, Unsupported, Value
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.group_norms import GroupNorm
from tasnet2hef.target.graph.layers import ParamValue
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("LayerNormalization")
def convert_layer_normalization(node: OnnxNode, build: Builder) -> None:
    """Convert a layer norm over the features; other axes are refused."""
    source = build.value(node.inputs[0])
    axis = node.integer("axis", -1)
    source.letter(axis)
    letters = source.layout[axis if axis >= 0 else len(source.layout) + axis :]
    if letters != "C" or len(source.shape) != 4:
        raise Unsupported(f"LayerNormalization over axes {letters}; supported over features only")
    params: dict[str, ParamValue] = {"reduce_axes": (3,), "groups": 1}
    value = build.add(node, "layer_normalization", [source], source.shape, params, layout=source.layout)
    build.bind(node.outputs[0], value)


def add_layer_norm(nodes: Sequence[OnnxNode], build: Builder, source: Value) -> None:
    """Add one layer for a layer norm that is written out in several nodes, and the value of each of them."""
    params: dict[str, ParamValue] = {"reduce_axes": (3,), "groups": 1}
    names = [node.name for node in nodes]
    value = build.add(
        nodes[0], "layer_normalization", [source], source.shape, params, layout=source.layout, names=names
    )
    value.draft.onnx[:] = nodes
    value.draft.onnx_shape = nodes[-1].output_shapes[0]
    for node in nodes:
        build.bind(node.outputs[0], value)


@converts("InstanceNormalization", "GroupNormalization")
def convert_group_normalization(node: OnnxNode, build: Builder) -> None:
    """Convert a norm over height and width per feature, or per group of features."""
    source = build.channels_first(node, build.value(node.inputs[0]))
    if len(source.shape) != 4:
        raise Unsupported(f"{node.op_type} of a tensor with axes {source.layout}")
    type_ = "instance_normalization" if node.op_type.startswith("Instance") else "group_normalization"
    params: dict[str, ParamValue] = {"groups": node.integer("num_groups", 1)}
    value = build.add(node, type_, [source], source.shape, params, layout=source.layout)
    build.bind(node.outputs[0], value)


def add_group_norm(norm: GroupNorm, build: Builder) -> None:
    """Add one layer for a group norm of three nodes, and the value of each of them."""
    opening = norm.nodes[0]
    source = build.channels_first(opening, build.value(opening.inputs[0]))
    params: dict[str, ParamValue] = {"groups": norm.groups}
    names = [node.name for node in norm.nodes]
    value = build.add(
        opening, "group_normalization", [source], source.shape, params, layout=source.layout, names=names
    )
    value.draft.onnx[:] = norm.nodes
    for node in norm.nodes:
        build.bind(node.outputs[0], value)
