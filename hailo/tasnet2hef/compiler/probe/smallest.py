"""The smallest graph of every operator that the predicted parse converts, between or behind a convolution."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

import onnx
from onnx import TensorProto

from tasnet2hef.target.graph.converters.registry import discover
from tasnet2hef.target.rules.framework.sketch import GraphSketch

_FEATURES: Final = 8
_SIZE: Final = 8
_OPSETS: Final[Mapping[str, int]] = {"Upsample": 9, "Mish": 18, "GroupNormalization": 21, "Gelu": 20, "Swish": 24}
"""Opsets of the operators that the usual one does not have."""
_OPSET: Final = 17

Add = Callable[[GraphSketch, str], str]
"""Adds the operator behind a feature map ``[1, 8, 8, 8]``; returns its output."""


def _node(operator: str, **attributes: Any) -> Add:
    return lambda graph, x: graph.node(operator, x, **attributes)


def _with_map(operator: str) -> Add:
    return lambda graph, x: graph.node(operator, x, graph.conv(x, _FEATURES, _FEATURES))


def _with_integers(operator: str, *values: int, **attributes: Any) -> Add:
    return lambda graph, x: graph.node(operator, x, graph.integers(*values), **attributes)


def _per_feature(operator: str, count: int, **attributes: Any) -> Add:
    """Add an operator with constants of one value for each feature."""
    return lambda graph, x: graph.node(operator, x, *(graph.weight(_FEATURES) for _ in range(count)), **attributes)


def _dense(graph: GraphSketch, x: str) -> str:
    pooled = graph.node("Flatten", graph.node("GlobalAveragePool", x))
    return graph.node("Gemm", pooled, graph.weight(_FEATURES, 4))


def _flat(graph: GraphSketch, x: str) -> str:
    return graph.node("Gemm", graph.node("Flatten", x), graph.weight(_FEATURES * _SIZE * _SIZE, 4))


def _matmul(graph: GraphSketch, x: str) -> str:
    rows = graph.node("Transpose", x, perm=[0, 2, 3, 1])
    return graph.node("Transpose", graph.node("MatMul", rows, graph.weight(_FEATURES, 4)), perm=[0, 3, 1, 2])


def _layer_norm(graph: GraphSketch, x: str) -> str:
    rows = graph.node("Transpose", x, perm=[0, 2, 3, 1])
    normal = graph.node("LayerNormalization", rows, graph.weight(_FEATURES), graph.weight(_FEATURES), axis=-1)
    return graph.node("Transpose", normal, perm=[0, 3, 1, 2])


def _resized(graph: GraphSketch, x: str) -> str:
    scales = graph.floats(1, 1, 2, 2)
    return graph.node("Resize", x, "", scales, mode="nearest", coordinate_transformation_mode="asymmetric")


def _upsampled(graph: GraphSketch, x: str) -> str:
    return graph.node("Upsample", x, graph.floats(1, 1, 2, 2), mode="nearest")


def _slice(graph: GraphSketch, x: str) -> str:
    return graph.node("Slice", x, graph.integers(0), graph.integers(4), graph.integers(1))


def _gather(graph: GraphSketch, x: str) -> str:
    return graph.node("Gather", x, graph.integers(0, 1, 2, 3), axis=1)


def _squeezed(graph: GraphSketch, x: str) -> str:
    pooled = graph.node("GlobalAveragePool", x)
    flat = graph.node("Squeeze", pooled, graph.integers(2, 3))
    return graph.node("Gemm", flat, graph.weight(_FEATURES, 4))


def _unsqueezed(graph: GraphSketch, x: str) -> str:
    pooled = graph.node("Flatten", graph.node("GlobalAveragePool", x))
    dense = graph.node("Gemm", pooled, graph.weight(_FEATURES, 4))
    return graph.node("Unsqueeze", dense, graph.integers(2, 3))


def _split(graph: GraphSketch, x: str) -> str:
    first = graph.node("Split", x, graph.integers(4, 4), count=2, axis=1)
    return graph.node("Add", first, f"{first}_2")


def _expanded(graph: GraphSketch, x: str) -> str:
    pooled = graph.node("GlobalAveragePool", x)
    return graph.node("Mul", x, graph.node("Expand", pooled, graph.integers(1, _FEATURES, _SIZE, _SIZE)))


def _reshaped(graph: GraphSketch, x: str) -> str:
    rows = graph.node("Reshape", graph.node("GlobalAveragePool", x), graph.integers(1, _FEATURES))
    return graph.node("Gemm", rows, graph.weight(_FEATURES, 4))


def _exp(operator: str) -> Add:
    """Add an operator that is defined for positive values only, behind a Sigmoid."""
    return lambda graph, x: graph.node(operator, graph.node("Sigmoid", x))


_OPERATORS: Final[Mapping[str, Add]] = {
    **{
        name: _node(name)
        for name in (
            *("Elu", "Exp", "Gelu", "GlobalAveragePool", "GlobalMaxPool", "HardSigmoid", "HardSwish", "Identity"),
            *("LeakyRelu", "Mish", "Neg", "Relu", "Sigmoid", "Softplus", "Softsign", "Swish", "Tanh", "Dropout"),
        )
    },
    **{name: _with_map(name) for name in ("Add", "Sub", "Mul", "Max")},
    **{name: _exp(name) for name in ("Log", "Reciprocal", "Sqrt")},
    "AveragePool": _node("AveragePool", kernel_shape=[2, 2], strides=[2, 2]),
    "BatchNormalization": _per_feature("BatchNormalization", 4),
    "Cast": _node("Cast", to=TensorProto.FLOAT),
    "Clip": lambda graph, x: graph.node("Clip", x, graph.scalar(0.0), graph.scalar(6.0)),
    "Concat": lambda graph, x: graph.node("Concat", x, graph.conv(x, _FEATURES, _FEATURES), axis=1),
    "Conv": lambda graph, x: graph.conv(x, _FEATURES, _FEATURES, (3, 3), pads=[1, 1, 1, 1]),
    "ConvTranspose": lambda graph, x: graph.deconv(x, _FEATURES, _FEATURES, (2, 2), strides=[2, 2]),
    "DepthToSpace": _node("DepthToSpace", blocksize=2),
    "Div": lambda graph, x: graph.node("Div", x, graph.scalar(2.0)),
    "Expand": _expanded,
    "Flatten": _flat,
    "Gather": _gather,
    "Gemm": _dense,
    "GroupNormalization": _per_feature("GroupNormalization", 2, num_groups=2),
    "InstanceNormalization": _per_feature("InstanceNormalization", 2),
    "LayerNormalization": _layer_norm,
    "MatMul": _matmul,
    "MaxPool": _node("MaxPool", kernel_shape=[2, 2], strides=[2, 2]),
    "Min": lambda graph, x: graph.node("Min", x, graph.scalar(1.0)),
    "PRelu": lambda graph, x: graph.node("PRelu", x, graph.weight(_FEATURES, 1, 1)),
    "Pad": lambda graph, x: graph.conv(
        graph.node("Pad", x, graph.integers(0, 0, 1, 1, 0, 0, 1, 1)), _FEATURES, _FEATURES, (3, 3)
    ),
    "Pow": lambda graph, x: graph.node("Pow", x, graph.scalar(2.0)),
    "ReduceL2": _node("ReduceL2", axes=[1], keepdims=1),
    "ReduceMax": _node("ReduceMax", axes=[1], keepdims=1),
    "ReduceMean": _node("ReduceMean", axes=[2, 3], keepdims=1),
    "ReduceSum": _with_integers("ReduceSum", 1, keepdims=1),
    "Reshape": _reshaped,
    "Resize": _resized,
    "Slice": _slice,
    "Softmax": _node("Softmax", axis=1),
    "SpaceToDepth": _node("SpaceToDepth", blocksize=2),
    "Split": _split,
    "Squeeze": _squeezed,
    "Tile": _with_integers("Tile", 1, 2, 1, 1),
    "Transpose": _node("Transpose", perm=[0, 1, 3, 2]),
    "Unsqueeze": _unsqueezed,
    "Upsample": _upsampled,
}


def operators() -> list[str]:
    """Return the operators that have a converter and a smallest graph."""
    return sorted(set(discover()) & set(_OPERATORS))


def smallest_graph(operator: str) -> onnx.ModelProto:
    """Draw the smallest graph with an operator.

    >>> [node.op_type for node in smallest_graph("Tanh").graph.node]
    ['Conv', 'Tanh']
    """
    graph = GraphSketch(_OPSETS.get(operator, _OPSET))
    x = graph.conv(graph.input(1, _FEATURES, _SIZE, _SIZE), _FEATURES, _FEATURES)
    return graph.model(_OPERATORS[operator](graph, x))
