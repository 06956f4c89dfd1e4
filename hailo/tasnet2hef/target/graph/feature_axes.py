"""Where the features of a token are in each tensor: followed through transposes and reshapes.

A product of two tensors has its plain form where the features are last in both, and the transposed one where
they come before the last axis in one of them, as for the keys of an attention.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from tasnet2hef.target.graph.loader import LoadedGraph
from tasnet2hef.target.graph.onnx_node import OnnxNode, Shape
from tasnet2hef.target.graph.ordering import consumers_of, creation_order

_CHANNELS_FIRST = frozenset(
    {
        *("Conv", "ConvTranspose", "BatchNormalization", "InstanceNormalization", "GroupNormalization", "PRelu"),
        *("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "Resize", "Upsample"),
        *("DepthToSpace", "SpaceToDepth"),
    }
)
_FEATURES_LAST = frozenset({"MatMul", "Gemm", "LayerNormalization"})
_RESHAPES = ("Reshape", "Flatten", "Squeeze", "Unsqueeze")


def feature_axes(loaded: LoadedGraph) -> Mapping[str, int]:
    """Return the axis of the features by tensor; tensors where it is not known are left out."""
    nodes = creation_order(loaded.nodes)
    readers = consumers_of(nodes)
    axes: dict[str, int] = {}
    for tensor in loaded.inputs:
        rank = len(loaded.shapes.get(tensor, ()))
        kinds = {node.op_type for node in readers.get(tensor, ())}
        is_map = rank == 4 and not kinds & _FEATURES_LAST
        axes[tensor] = 1 if is_map or kinds & _CHANNELS_FIRST else rank - 1
    for node in nodes:
        axis = _of_node(node, axes)
        if axis is not None:
            axes.update(dict.fromkeys((tensor for tensor in node.outputs if tensor), axis))
    return axes


def _of_node(node: OnnxNode, axes: Mapping[str, int]) -> int | None:
    before, after = node.input_shapes[0] if node.input_shapes else None, node.output_shapes[0]
    if node.op_type in _CHANNELS_FIRST:
        return 1
    if node.op_type in _FEATURES_LAST:
        return len(after) - 1 if after else None
    source = next((tensor for tensor in node.inputs if tensor in axes), "")
    if not source or after is None:
        return None
    axis = axes[source]
    if node.op_type == "Transpose":
        order = node.integers("perm") or tuple(reversed(range(len(after))))
        return order.index(axis) if axis in order else None
    if node.op_type in _RESHAPES:
        return None if before is None else _reshaped(before, after, axis)
    if node.op_type == "Gather" and before is not None and len(after) < len(before):
        return axis - (node.integer("axis", 0) % len(before) < axis)
    return axis if axis < len(after) else None


def _reshaped(before: Shape, after: Shape, axis: int) -> int | None:
    """Return the axis that holds the features after a reshape: the last one that they are spread over.

    >>> _reshaped((1, 100, 64), (1, 100, 4, 16), 2), _reshaped((1, 64, 10, 10), (1, 64, 100), 1)
    (3, 1)
    """
    if axis >= len(before):
        return None
    inner = math.prod(before[axis + 1 :])
    outer = inner * before[axis]
    last, size = None, 1
    for place in reversed(range(len(after))):
        start, size = size, size * after[place]
        if after[place] > 1 and start >= inner and size <= outer and last is None:
            last = place
        if after[place] > 1 and start < outer and size > outer and last is None:
            last = place  # merged with the axis in front, as heads are
    return last
