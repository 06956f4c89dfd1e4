"""Write ONNX graphs node by node, with weights that have a shape and no values: files of some kilobytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

ABSENT_FILE = "absent.data"  # where the weights would lie, as in the recorded file


class OnnxWriter:
    """A graph under construction; tensors are names."""

    def __init__(self) -> None:
        """Start empty."""
        self._nodes: list[onnx.NodeProto] = []
        self._stored: dict[str, TensorProto] = {}
        self._taken: Counter[str] = Counter()

    def fresh(self, base: str) -> str:
        """Return `base`, then `base_1`, `base_2`: how PyTorch's exporter tells its tensors apart."""
        self._taken[base] += 1
        return base if self._taken[base] == 1 else f"{base}_{self._taken[base] - 1}"

    def node(self, op_type: str, inputs: Sequence[str], name: str, tensor: str, **attributes: Any) -> str:
        """Add a node called `name` that writes `tensor`; return `tensor`."""
        self._nodes.append(helper.make_node(op_type, list(inputs), [tensor], name=name, **attributes))
        return tensor

    def traced(self, op_type: str, inputs: Sequence[str], base: str, **attributes: Any) -> str:
        """Add a node named after the tensor it writes, as PyTorch's graph exporter does."""
        tensor = self.fresh(base)
        return self.node(op_type, inputs, f"node_{tensor}", tensor, **attributes)

    def weight(self, name: str, shape: Sequence[int]) -> str:
        """Declare a weight whose values are in a file that is not there."""
        tensor = TensorProto(name=name, dims=shape, data_type=TensorProto.FLOAT)
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value=ABSENT_FILE)
        return self._store(tensor)

    def floats(self, name: str, values: Any) -> str:
        """Store small float constants."""
        return self._store(numpy_helper.from_array(np.asarray(values, np.float32), name))

    def integers(self, name: str, values: Any) -> str:
        """Store small integer constants: axes, shapes."""
        return self._store(numpy_helper.from_array(np.asarray(values, np.int64), name))

    def model(
        self, name: str, opset: int, source: tuple[str, list[int]], result: tuple[str, list[int | str]]
    ) -> onnx.ModelProto:
        """Return the model from one input to one output, without what the output does not need."""
        nodes = self._needed(result[0])
        read = {tensor for node in nodes for tensor in node.input}
        graph = helper.make_graph(
            nodes,
            name,
            [helper.make_tensor_value_info(source[0], TensorProto.FLOAT, source[1])],
            [helper.make_tensor_value_info(result[0], TensorProto.FLOAT, result[1])],
            [tensor for tensor in self._stored.values() if tensor.name in read],
        )
        return helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)

    def _store(self, tensor: TensorProto) -> str:
        self._stored[tensor.name] = tensor
        return str(tensor.name)

    def _needed(self, output: str) -> list[onnx.NodeProto]:
        wanted = {output}
        kept = []
        for node in reversed(self._nodes):
            if wanted & set(node.output):
                wanted.update(node.input)
                kept.append(node)
        return kept[::-1]
