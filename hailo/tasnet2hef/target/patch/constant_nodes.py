"""Constant and ConstantOfShape nodes become initialisers; Identity nodes are removed."""

from __future__ import annotations

import math

import numpy as np
import onnx
from onnx import numpy_helper

from tasnet2hef.target.known.evidence import Evidence
from tasnet2hef.target.patch.patch import Patch

_MOST_FILLED = 2**22
"""Values of all fills of a graph that are stored, 16 MB of floats."""


def _constant_value(
    node: onnx.NodeProto, initializers: dict[str, onnx.TensorProto], most: int
) -> onnx.TensorProto | None:
    """Return the value of a node whose output is constant, else None; fills of more than ``most`` values stay."""
    values = [attribute.t for attribute in node.attribute if attribute.name == "value"]
    if node.op_type == "Constant" and values:
        tensor: onnx.TensorProto = values[0]
        return tensor
    if node.op_type == "ConstantOfShape" and node.input[0] in initializers:
        shape = [int(size) for size in numpy_helper.to_array(initializers[node.input[0]]).reshape(-1)]
        fill = numpy_helper.to_array(values[0]) if values else np.zeros(1, dtype=np.float32)
        if fill.size == 1 and all(size >= 0 for size in shape) and math.prod(shape) <= most:
            return numpy_helper.from_array(np.full(shape, fill.item(), dtype=fill.dtype))
    return None


def _rename_inputs(graph: onnx.GraphProto, old: str, new: str) -> None:
    for node in graph.node:
        for index, name in enumerate(node.input):
            if name == old:
                node.input[index] = new


def apply(model: onnx.ModelProto) -> list[str]:
    """Store constant outputs as initialisers, and remove Identity nodes."""
    graph, changes = model.graph, []
    outputs = {value.name for value in graph.output}
    initializers = {tensor.name: tensor for tensor in graph.initializer}
    left = _MOST_FILLED
    for node in list(graph.node):
        if node.domain not in ("", "ai.onnx") or not node.output or node.output[0] in outputs:
            continue
        value = _constant_value(node, initializers, left)
        if value is not None:
            left -= math.prod(value.dims) if node.op_type == "ConstantOfShape" else 0
            tensor = graph.initializer.add()
            tensor.CopyFrom(value)
            tensor.name = node.output[0]
            initializers[tensor.name] = tensor
        elif node.op_type == "Identity":
            _rename_inputs(graph, node.output[0], node.input[0])
        else:
            continue
        graph.node.remove(node)
        changes.append(f"{node.op_type} {node.name or node.output[0]} removed")
    return changes


PATCH = Patch(
    patch_id="constant-nodes",
    why="the parser reads a ConstantOfShape without a value as an error (IndexError in parse_raw_data), and every "
    "Constant or Identity node hides the real input of a layer",
    evidence=Evidence(
        "public log: ConstantOfShape replaced by an initializer passed; Constant and Identity are our conclusion",
        "recorded",
        version="5.4.0",
        hardware=("hailo10h",),
    ),
    apply=apply,
)
