"""Which tensors can be negative: followed from the operators that bound their results from below.

A product of two tensors and the mean of a map are quantised differently for values on one side of zero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import Final

import numpy as np

from tasnet2hef.target.graph.constants import Constants
from tasnet2hef.target.graph.loader import LoadedGraph
from tasnet2hef.target.graph.onnx_node import OnnxNode
from tasnet2hef.target.graph.ordering import creation_order


class Sign(IntEnum):
    """Where the values of a tensor lie; the smaller of two holds for their sum."""

    SIGNED = 0
    LEANING = 1
    """Little below zero, much above it: SiLU, hard swish, GELU, ELU."""
    NON_NEGATIVE = 2


_NON_NEGATIVE: Final = frozenset(
    {
        *("Relu", "Sigmoid", "HardSigmoid", "Softmax", "Softplus", "Exp", "Abs", "Sqrt", "Not", "And", "Or"),
        *("ReduceL1", "ReduceL2", "ReduceSumSquare", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual"),
        *("ArgMax", "ArgMin", "Shape", "ThresholdedRelu"),
    }
)
_LEANING: Final = frozenset({"HardSwish", "Swish", "Gelu", "Mish", "Elu", "Celu", "Selu"})
_KEEPING: Final = frozenset(
    {
        *("MaxPool", "AveragePool", "GlobalAveragePool", "GlobalMaxPool", "LpPool", "ReduceMean", "ReduceSum"),
        *("ReduceMax", "ReduceMin", "Reshape", "Flatten", "Squeeze", "Unsqueeze", "Transpose", "Slice", "Split"),
        *("Gather", "GatherElements", "Resize", "Upsample", "Tile", "Expand", "Identity", "Dropout", "Cast"),
        *("DepthToSpace", "SpaceToDepth", "Floor", "Ceil", "Round", "Tanh", "Erf", "Softsign", "Sign", "TopK"),
        *("Reciprocal", "PRelu"),
    }
)
"""Operators whose result is on the side of zero where their first input is."""
_SIDE_BY_SIDE: Final = frozenset({"Add", "Sum", "Mul", "Div", "Concat", "Min", "Mean", "MatMul"})
"""Operators that can't be negative if no input can."""
_STEPS_OF_A_GATE: Final = ("Sigmoid", "HardSigmoid", "Add", "Mul", "Div", "Clip", "Erf", "Tanh", "Softplus")
_LONGEST_GATE: Final = 6
_SMALL_SLOPE: Final = 0.5


def signs_of(loaded: LoadedGraph) -> Mapping[str, Sign]:
    """Return where the values of each tensor lie; graph inputs may be negative."""
    nodes = creation_order(loaded.nodes)
    producers = {tensor: node for node in nodes for tensor in node.outputs if tensor}
    signs = dict.fromkeys(loaded.inputs, Sign.SIGNED)

    def sign(tensor: str) -> Sign:
        if tensor in loaded.constants:
            return _of_constant(loaded.constants, tensor)
        return signs.get(tensor, Sign.SIGNED)

    for node in nodes:
        found = _of_node(node, sign, producers)
        signs.update(dict.fromkeys((tensor for tensor in node.outputs if tensor), found))
    return signs


def _of_node(node: OnnxNode, sign: Callable[[str], Sign], producers: Mapping[str, OnnxNode]) -> Sign:
    inputs = [tensor for tensor in node.inputs if tensor]
    kind = node.op_type
    if not inputs:
        return Sign.SIGNED
    if kind in _NON_NEGATIVE:
        return Sign.NON_NEGATIVE
    if kind in _LEANING:
        return max(Sign.LEANING, sign(inputs[0]))
    if kind in _KEEPING:
        return sign(inputs[0])
    if kind == "Mul" and len(inputs) == 2 and inputs[0] == inputs[1]:
        return Sign.NON_NEGATIVE
    if (
        kind == "Mul"
        and len(inputs) == 2
        and any(_is_gate(gate, tensor, producers) for gate, tensor in (inputs, inputs[::-1]))
    ):
        return max(Sign.LEANING, min(map(sign, inputs)))
    if kind == "Add" and any(_is_above_minus_one(tensor, producers) for tensor in inputs):
        return Sign.NON_NEGATIVE if any(_at_least_one(node, place) for place in (0, 1)) else Sign.SIGNED
    if kind in _SIDE_BY_SIDE:
        return min(map(sign, inputs))
    return _of_options(node, sign, inputs)


def _of_options(node: OnnxNode, sign: Callable[[str], Sign], inputs: Sequence[str]) -> Sign:
    """Return the sign for operators whose options or second input decide."""
    first = sign(inputs[0])
    if node.op_type == "Max":
        return max(map(sign, inputs))
    if node.op_type == "Clip":
        low = node.values(1) if node.has_input(1) else (node.number("min", -np.inf),)
        return Sign.NON_NEGATIVE if low and min(low) >= 0 else first
    if node.op_type == "Pow":
        exponents = node.values(1)
        return Sign.NON_NEGATIVE if exponents and all(each % 2 == 0 for each in exponents) else first
    if node.op_type == "LeakyRelu":
        return max(first, Sign.LEANING) if abs(node.number("alpha", 0.01)) < _SMALL_SLOPE else first
    if node.op_type == "Pad":
        fill = node.values(2) if node.has_input(2) else (node.number("value", 0.0),)
        return first if node.text("mode", "constant") != "constant" or (fill and min(fill) >= 0) else Sign.SIGNED
    if node.op_type == "Where":
        return min(map(sign, inputs[1:]), default=Sign.SIGNED)
    return Sign.SIGNED


def _of_constant(constants: Constants, tensor: str) -> Sign:
    values = constants.small(tensor)
    known = values is not None and values.size > 0 and values.dtype.kind in "iufb"
    return Sign.NON_NEGATIVE if known and bool(np.all(np.asarray(values) >= 0)) else Sign.SIGNED


def _is_gate(gate: str, tensor: str, producers: Mapping[str, OnnxNode]) -> bool:
    """Return whether `gate` is a short function of `tensor`, as in x * sigmoid(x) or x * (1 + erf(x))."""
    current = gate
    for _ in range(_LONGEST_GATE):
        node = producers.get(current)
        if node is None or node.op_type not in _STEPS_OF_A_GATE:
            return False
        current = next((name for name in node.inputs if name in producers or name == tensor), "")
        if current == tensor:
            return True
    return False


def _is_above_minus_one(tensor: str, producers: Mapping[str, OnnxNode]) -> bool:
    node = producers.get(tensor)
    return node is not None and node.op_type in ("Erf", "Tanh", "Elu") and node.number("alpha", 1.0) <= 1


def _at_least_one(node: OnnxNode, place: int) -> bool:
    values = node.values(place)
    return bool(values) and min(values or (0,)) >= 1
