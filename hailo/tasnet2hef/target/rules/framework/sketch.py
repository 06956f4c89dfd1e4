"""Builds small ONNX graphs in a few lines, for the examples of rules."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Larger weights are left out of the model, as if they were in an external file: no rule reads their values.
LARGEST_STORED = 65_536


class GraphSketch:
    """A small ONNX graph under construction; every method returns the name of the tensor that it adds.

    >>> graph = GraphSketch()
    >>> x = graph.input(1, 8, 100, 1)
    >>> model = graph.model(graph.node("Relu", graph.conv(x, 8, 16)))
    >>> [node.op_type for node in model.graph.node]
    ['Conv', 'Relu']
    """

    def __init__(self, opset: int = 13) -> None:
        self._opset = opset
        self._nodes: list[onnx.NodeProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._stored: list[onnx.TensorProto] = []

    def input(self, *shape: int | str, dtype: int = TensorProto.FLOAT) -> str:
        """Add a graph input."""
        name = f"input_{len(self._inputs) + 1}"
        self._inputs.append(helper.make_tensor_value_info(name, dtype, list(shape)))
        return name

    def weight(self, *shape: int) -> str:
        """Add a float constant of a shape; only its shape matters."""
        name = f"weight_{len(self._stored) + 1}"
        if math.prod(shape) <= LARGEST_STORED:
            self._stored.append(numpy_helper.from_array(np.full(shape, 0.25, np.float32), name))
            return name
        tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=shape)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="left_out.bin")
        self._stored.append(tensor)
        return name

    def integers(self, *values: int) -> str:
        """Add a constant list of integers: axes, a shape, ends of a slice."""
        name = f"integers_{len(self._stored) + 1}"
        self._stored.append(numpy_helper.from_array(np.array(values, np.int64), name))
        return name

    def floats(self, *values: float) -> str:
        """Add a constant list of numbers: scales."""
        name = f"floats_{len(self._stored) + 1}"
        self._stored.append(numpy_helper.from_array(np.array(values, np.float32), name))
        return name

    def scalar(self, value: float | int) -> str:
        """Add a constant without axes."""
        name = f"scalar_{len(self._stored) + 1}"
        dtype = np.int64 if isinstance(value, int) else np.float32
        self._stored.append(numpy_helper.from_array(np.array(value, dtype), name))
        return name

    def node(self, op_type: str, *inputs: str, count: int = 1, **attributes: Any) -> str:
        """Add a node; with `count` outputs, they are named after the first: x, x_2, x_3."""
        name = f"{op_type.lower()}_{len(self._nodes) + 1}"
        outputs = [name, *(f"{name}_{number}" for number in range(2, count + 1))]
        self._nodes.append(helper.make_node(op_type, list(inputs), outputs, name=name, **attributes))
        return name

    def conv(
        self, source: str, features: int, filters: int, kernel: Sequence[int] = (1, 1), **attributes: Any
    ) -> str:
        """Add a convolution with weights of its own; `group` may be among the attributes."""
        weight = self.weight(filters, features // attributes.get("group", 1), *kernel)
        return self.node("Conv", source, weight, kernel_shape=list(kernel), **attributes)

    def deconv(self, source: str, features: int, filters: int, kernel: Sequence[int], **attributes: Any) -> str:
        """Add a transposed convolution with weights of its own."""
        weight = self.weight(features, filters // attributes.get("group", 1), *kernel)
        return self.node("ConvTranspose", source, weight, kernel_shape=list(kernel), **attributes)

    def model(self, *outputs: str) -> onnx.ModelProto:
        """Return the model; shapes of outputs are left to shape inference."""
        values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
        graph = helper.make_graph(self._nodes, "sketch", self._inputs, values, self._stored)
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", self._opset)], ir_version=8)
