"""A copy of an ONNX graph whose weights are inputs, so that one session can run at every choice of precision.

Each convolution gets weights and a bias of its own (a bias of zeros where it had none, so that it can be
corrected). A batch norm becomes the product and sum that the chip computes. Where the compiler inverts and then
multiplies (``1 / sqrt(v)``), the division is split in the same way: the inverse is a border.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from tasnet2hef.quantize.borders import Border, BorderMap
from tasnet2hef.quantize.number_format import Values
from tasnet2hef.target.graph.constants import Constants
from tasnet2hef.target.graph.layers import CONVOLUTIONS, HailoNet

CONVOLUTION_OPS = ("Conv", "ConvTranspose", "Gemm", "MatMul")


@dataclass(frozen=True)
class WeightSlot:
    """The weights and biases of one convolution or scale, as inputs of the lifted graph.

    ``border`` is the layer whose precision they take. ``source`` is the tensor that they multiply. ``operator`` is
    the ONNX operator, ``Scale`` for a factor per feature; ``groups`` is the convolution's. ``bias`` is empty if
    a bias can't be added.
    """

    border: str
    layer: str
    weight: str
    bias: str
    source: str
    operator: str
    groups: int = 1


@dataclass(frozen=True, eq=False)
class LiftedModel:
    """The copied graph, the slots of its weights, and their float values by input name."""

    model: onnx.ModelProto
    slots: tuple[WeightSlot, ...]
    values: Mapping[str, Values]


def lift(model: onnx.ModelProto, net: HailoNet, borders: BorderMap, constants: Constants) -> LiftedModel:
    """Return a copy of ``model`` with the weights of all borders as inputs."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for border in borders:
        if border.inverse_of:
            _invert_first(copy.graph, border)
    lifter = _Lifter(copy.graph, constants)
    for border in borders:
        for name in (*border.fused, border.layer):
            _lift_layer(lifter, net, border.layer, name)
    _drop_unread(copy.graph)
    return LiftedModel(copy, tuple(lifter.slots), lifter.values)


def _invert_first(graph: Any, border: Border) -> None:
    """Rewrite ``a / b`` as ``a * (1 / b)`` for every division by the tensor that the border inverts."""
    first = True
    for place, node in reversed(list(enumerate(graph.node))):
        if node.op_type == "Div" and node.input[1] == border.inverse_of:
            node.op_type = "Mul"
            node.input[1] = border.tensor
            where = place
            first = False
    if not first:
        inverse = helper.make_node("Reciprocal", [border.inverse_of], [border.tensor], name=border.tensor)
        graph.node.insert(where, inverse)


class _Lifter:
    """Replaces constants of nodes by inputs, and keeps their values."""

    def __init__(self, graph: Any, constants: Constants) -> None:
        self.graph = graph
        self.constants = constants
        self.by_output = {node.output[0]: node for node in graph.node}
        self.slots: list[WeightSlot] = []
        self.values: dict[str, Values] = {}

    def constant(self, name: str) -> Values | None:
        """Return a stored constant as float32, or None."""
        if name not in self.constants or self.constants.is_absent(name):
            return None
        array = self.constants.small(name) if self.constants.shape(name) else self.constants.array(name)
        array = self.constants.array(name) if array is None else array
        return np.asarray(array, np.float32)

    def feed(self, name: str, values: Values) -> str:
        """Make an input of the graph that holds ``values`` and return its name."""
        self.graph.input.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, values.shape))
        self.values[name] = np.ascontiguousarray(values, np.float32)
        return name


def _lift_layer(lifter: _Lifter, net: HailoNet, border: str, name: str) -> None:
    layer = net[name]
    for node in layer.onnx:
        proto = lifter.by_output.get(node.outputs[0]) if node.outputs else None
        if proto is None:
            continue
        if layer.type in CONVOLUTIONS and proto.op_type in CONVOLUTION_OPS:
            _lift_convolution(lifter, proto, border, name)
        elif proto.op_type == "BatchNormalization":
            _lift_batch_norm(lifter, proto, border, name)
        elif layer.type == "normalization" and proto.op_type == "Mul":
            _lift_scale(lifter, proto, border, name)


def _lift_convolution(lifter: _Lifter, node: Any, border: str, layer: str) -> None:
    weights = lifter.constant(node.input[1])
    if weights is None:
        return
    source, bias = node.input[0], ""
    node.input[1] = lifter.feed(f"{layer}/weights", weights)
    groups = next((attribute.i for attribute in node.attribute if attribute.name == "group"), 1)
    if node.op_type in ("Conv", "ConvTranspose"):
        features = weights.shape[0] if node.op_type == "Conv" else weights.shape[1] * groups
        stored = lifter.constant(node.input[2]) if len(node.input) > 2 and node.input[2] else None
        bias = lifter.feed(f"{layer}/biases", np.zeros(features, np.float32) if stored is None else stored)
        del node.input[2:]
        node.input.append(bias)
    lifter.slots.append(WeightSlot(border, layer, node.input[1], bias, source, node.op_type, int(groups)))


def _lift_batch_norm(lifter: _Lifter, node: Any, border: str, layer: str) -> None:
    """Replace ``(x - mean) / sqrt(variance + epsilon) * gain + shift`` by ``x * factor + offset``."""
    constants = [lifter.constant(name) for name in node.input[1:5]]
    if any(values is None for values in constants):
        return
    gain, shift, mean, variance = (np.asarray(values, np.float64) for values in constants)
    epsilon = next((attribute.f for attribute in node.attribute if attribute.name == "epsilon"), 1e-5)
    factor = gain / np.sqrt(variance + epsilon)
    offset = shift - mean * factor
    source, output = node.input[0], node.output[0]
    weight = lifter.feed(f"{layer}/weights", factor.astype(np.float32).reshape(-1, 1, 1))
    bias = lifter.feed(f"{layer}/biases", offset.astype(np.float32).reshape(-1, 1, 1))
    place = list(lifter.graph.node).index(node)
    product = helper.make_node("Mul", [source, weight], [f"{output}/scaled"], name=f"{layer}/scale")
    total = helper.make_node("Add", [f"{output}/scaled", bias], [output], name=f"{layer}/shift")
    lifter.graph.node.remove(node)
    lifter.graph.node.insert(place, total)
    lifter.graph.node.insert(place, product)
    lifter.slots.append(WeightSlot(border, layer, weight, bias, source, "Scale"))


def _lift_scale(lifter: _Lifter, node: Any, border: str, layer: str) -> None:
    for place in (0, 1):
        values = lifter.constant(node.input[place])
        if values is not None:
            source = node.input[1 - place]
            node.input[place] = lifter.feed(f"{layer}/weights", values)
            lifter.slots.append(WeightSlot(border, layer, node.input[place], "", source, "Scale"))
            return


def _drop_unread(graph: Any) -> None:
    """Remove the initialisers that no node reads any more."""
    read = {name for node in graph.node for name in node.input} | {value.name for value in graph.output}
    kept = [tensor for tensor in graph.initializer if tensor.name in read]
    unread = {tensor.name for tensor in graph.initializer} - {tensor.name for tensor in kept}
    inputs = [value for value in graph.input if value.name not in unread]
    del graph.initializer[:], graph.input[:]
    graph.initializer.extend(kept)
    graph.input.extend(inputs)
