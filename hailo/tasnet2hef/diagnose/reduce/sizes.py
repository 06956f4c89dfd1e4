"""Makes a graph smaller with the same nodes: a size (channels, frames) is reduced wherever it occurs."""

from __future__ import annotations

from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from tasnet2hef.base.errors import GraphError
from tasnet2hef.diagnose.reduce.prepare import is_weight
from tasnet2hef.diagnose.reduce.subgraph import stored_tensors, with_inferred_shapes
from tasnet2hef.target.graph.inference import static_shape
from tasnet2hef.target.graph.onnx_node import Shape

_CONVOLUTIONS: Final = ("Conv", "ConvTranspose")


def sizes_of(model: onnx.ModelProto) -> list[int]:
    """Return the sizes above 1 of a model's inputs and weights, the largest first; kernel sizes are left out."""
    kernels = _kernels(model)
    shapes = [static_shape(value) or () for value in model.graph.input]
    shapes += [_free_axes(tensor, kernels) for tensor in stored_tensors(model.graph) if is_weight(tensor)]
    return sorted({size for shape in shapes for size in shape if size > 1}, reverse=True)


def resized(model: onnx.ModelProto, size: int, smaller: int) -> onnx.ModelProto:
    """Return a copy in which every axis of ``size`` is ``smaller``: of inputs, weights, groups and lists of sizes.

    Raises:
        GraphError: the resized shapes conflict.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    kernels = _kernels(copy)
    for value in copy.graph.input:
        for axis in value.type.tensor_type.shape.dim:
            if axis.dim_value == size:
                axis.dim_value = smaller
    for tensor in stored_tensors(copy.graph):
        if tensor.data_type == TensorProto.INT64:
            _replace_number(tensor, size, smaller)
        else:
            _cut_axes(tensor, size, smaller, kernels)
    for node in copy.graph.node:
        for attribute in node.attribute:
            if attribute.name == "group" and attribute.i == size:
                attribute.i = smaller
    typed = with_inferred_shapes(copy)
    _refuse_unequal_channels(typed)
    return typed


def _replace_number(tensor: TensorProto, size: int, smaller: int) -> None:
    numbers = numpy_helper.to_array(tensor)
    if size in numbers:
        tensor.CopyFrom(numpy_helper.from_array(np.where(numbers == size, smaller, numbers), tensor.name))


def _cut_axes(tensor: TensorProto, size: int, smaller: int, kernels: set[str]) -> None:
    free = len(_free_axes(tensor, kernels))
    wanted = [smaller if axis < free and length == size else length for axis, length in enumerate(tensor.dims)]
    if wanted == list(tensor.dims):
        return
    if tensor.data_location == TensorProto.EXTERNAL:  # absent: it has a shape only
        tensor.dims[:] = wanted
        return
    kept = numpy_helper.to_array(tensor)[tuple(slice(length) for length in wanted)]
    tensor.CopyFrom(numpy_helper.from_array(np.ascontiguousarray(kept), tensor.name))


def _free_axes(tensor: TensorProto, kernels: set[str]) -> Shape:
    """Return the sizes that may change: of a convolution's weights only its channels."""
    return tuple(tensor.dims[:2] if tensor.name in kernels else tensor.dims)


def _kernels(model: onnx.ModelProto) -> set[str]:
    return {node.input[1] for node in model.graph.node if node.op_type in _CONVOLUTIONS}


def _refuse_unequal_channels(model: onnx.ModelProto) -> None:
    """Refuse convolutions whose weights don't fit their input: ONNX's own inference accepts them."""
    graph = model.graph
    shapes = {value.name: static_shape(value) for value in (*graph.input, *graph.value_info, *graph.output)}
    shapes |= {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for node in graph.node:
        source, weight = (shapes.get(name) for name in (*node.input, "", "")[:2])
        if node.op_type not in _CONVOLUTIONS or not source or not weight:
            continue
        group = next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)
        channels = weight[1] * group if node.op_type == "Conv" else weight[0]
        if source[1] != channels or weight[0] % group:
            raise GraphError(
                f"node {node.name}: {source[1]} channels, its weights expect {channels} in {group} groups"
            )
