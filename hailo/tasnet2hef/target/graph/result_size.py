"""The largest result that a constant node can have, from the sizes of what it reads, before it is computed."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx

Arrays = Sequence[npt.NDArray[np.generic]]
Attributes = Mapping[str, Any]

_AS_FIRST: Final = frozenset(
    {
        *(
            "Abs",
            "Ceil",
            "Cast",
            "Clip",
            "CumSum",
            "Erf",
            "Exp",
            "Flatten",
            "Floor",
            "Identity",
            "LeakyRelu",
            "Log",
        ),
        *("Neg", "Not", "Reciprocal", "Relu", "Reshape", "Round", "Sigmoid", "Sign", "Slice", "Softplus", "Split"),
        *("Sqrt", "Squeeze", "Tanh", "Transpose", "Unsqueeze", "ArgMax", "ArgMin", "Size", "Shape"),
        *("ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum"),
        "ReduceSumSquare",
    }
)
"""Operators none of whose results has more values than their first input."""
_BROADCAST: Final = frozenset(
    {
        *("Add", "And", "Div", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Max", "Min", "Mod"),
        *("Mul", "Or", "Pow", "PRelu", "Sub", "Where", "Xor"),
    }
)
"""Operators whose result has the shape that all inputs broadcast to."""


def largest_result(node: onnx.NodeProto, inputs: Arrays) -> int | None:
    """Return the most values that a result of a node can have; None for an operator that is not computed.

    ``inputs`` are those that are given, in order. What is not listed here (texts, subgraphs, convolutions,
    sequences, random numbers) is never computed: the graph's readers work without such a value.

    Raises:
        ValueError, IndexError, OverflowError: the inputs contradict each other or the operator.
    """
    if node.op_type in _AS_FIRST:
        return max(inputs[0].size, 1)
    if node.op_type in _BROADCAST:
        return math.prod(np.broadcast_shapes(*(values.shape for values in inputs)))
    of = _SIZES.get(node.op_type)
    return None if of is None else of(inputs, {each.name: each for each in node.attribute})


def _constant(_: Arrays, attributes: Attributes) -> int:
    """Count a stored list; a `value` is stored and a `sparse_value` is not read."""
    if not attributes.keys() & {"value_float", "value_floats", "value_int", "value_ints"}:
        raise ValueError("no numbers")
    return max(1, *(len(each.floats) + len(each.ints) for each in attributes.values()))


def _concat(inputs: Arrays, _: Attributes) -> int:
    return sum(values.size for values in inputs)


def _gather(inputs: Arrays, attributes: Attributes) -> int:
    table, places = inputs
    axis = int(attributes["axis"].i) if "axis" in attributes else 0
    return math.prod(table.shape) // max(1, int(table.shape[axis])) * places.size


def _expand(inputs: Arrays, _: Attributes) -> int:
    values, shape = inputs
    return math.prod(max(1, size) for size in _sizes(shape)) * values.size


def _filled(inputs: Arrays, _: Attributes) -> int:
    return math.prod(_sizes(inputs[0]))


def _tile(inputs: Arrays, _: Attributes) -> int:
    values, repeats = inputs
    return values.size * math.prod(_sizes(repeats))


def _range(inputs: Arrays, _: Attributes) -> int:
    start, limit, step = (float(values.item()) for values in inputs)
    return max(0, math.ceil((limit - start) / step))


def _pad(inputs: Arrays, attributes: Attributes) -> int:
    values = inputs[0]
    pads = attributes["pads"].ints if "pads" in attributes else inputs[1].reshape(-1).tolist()
    if len(pads) != 2 * values.ndim:
        raise ValueError("pads of some axes only")
    added = zip(values.shape, pads[: values.ndim], pads[values.ndim :], strict=True)
    return math.prod(length + max(0, int(before)) + max(0, int(after)) for length, before, after in added)


def _sizes(shape: npt.NDArray[np.generic]) -> list[int]:
    """Return the sizes that a tensor lists, as Python's numbers, which don't overflow."""
    sizes = [int(size) for size in shape.reshape(-1).tolist()]
    if any(size < 0 for size in sizes):
        raise ValueError(f"sizes {sizes}")
    return sizes


_SIZES: Final[Mapping[str, Callable[[Arrays, Attributes], int]]] = {
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _filled,
    "Expand": _expand,
    "Gather": _gather,
    "Pad": _pad,
    "Range": _range,
    "Tile": _tile,
}
