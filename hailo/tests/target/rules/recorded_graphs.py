"""Draw an ONNX graph from its description in JSON: how recorded verdicts and the recorded parse keep their graphs.

A description is in ONNX's own terms:
`inputs`: each name with its sizes, `{"int64": sizes}` for another type than float32.
`constants`: each name with values, `{"int64": [0, -1]}` or `{"float32": 0.5}`; or with its sizes, where weights
  are not recorded: they are 0.25, or absent where there are many or where `weights_file` names their file.
`nodes`: `{"op": "Conv", "in": ["x", "w"], "out": ["y"], "kernel_shape": [1, 3]}`; all but `op`, `in`, `out` and
  `name` are attributes. A node without `name` is called after its first output.
`times`: how often the nodes are repeated in a chain, each time on the output of the time before; once if absent.
`outputs`, `opset`: as in ONNX.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Description = Mapping[str, Any]

_NO_ATTRIBUTES = ("op", "in", "out", "name")
_MOST_FILLED = 65_536  # more weights than that are absent, as if they lay in an external file: drawing stays quick


def draw(graph: Description) -> onnx.ModelProto:
    """Return the ONNX model that a description describes; shapes of outputs are left to shape inference."""
    graph = _unrolled(graph)
    drawn = helper.make_graph(
        [_node(node) for node in graph["nodes"]],
        "recorded",
        [_input(name, kind) for name, kind in graph["inputs"].items()],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in graph["outputs"]],
        [_constant(name, kind, graph.get("weights_file", "")) for name, kind in graph["constants"].items()],
    )
    return helper.make_model(drawn, opset_imports=[helper.make_opsetid("", graph["opset"])], ir_version=8)


def _node(node: Description) -> onnx.NodeProto:
    attributes = {name: value for name, value in node.items() if name not in _NO_ATTRIBUTES}
    name = node.get("name", node["out"][0])
    return helper.make_node(node["op"], node["in"], node["out"], name=name, **attributes)


def _input(name: str, kind: Sequence[int] | Mapping[str, Sequence[int]]) -> onnx.ValueInfoProto:
    ((dtype, sizes),) = kind.items() if isinstance(kind, Mapping) else [("float32", kind)]
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), sizes)


def _constant(name: str, kind: Sequence[int] | Mapping[str, Any], weights_file: str) -> onnx.TensorProto:
    if isinstance(kind, Mapping):
        ((dtype, values),) = kind.items()
        return numpy_helper.from_array(np.array(values, dtype), name)
    if not weights_file and math.prod(kind) <= _MOST_FILLED:
        return numpy_helper.from_array(np.full(kind, 0.25, np.float32), name)
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=kind, data_location=TensorProto.EXTERNAL)
    tensor.external_data.add(key="location", value=weights_file or "left_out.bin")
    return tensor


def _unrolled(graph: Description) -> Description:
    """Return a description with its nodes repeated `times`, each time with constants of their own."""
    if graph.get("times", 1) == 1:
        return graph
    (tensor,), (end,) = graph["inputs"], graph["outputs"]
    constants, nodes = {}, []
    for time in range(1, graph["times"] + 1):
        names = {name: f"{name}_{time}" for name in graph["constants"]}
        names |= {name: f"{name}_{time}" for node in graph["nodes"] for name in node["out"]}
        names[next(iter(graph["inputs"]))] = tensor
        constants |= {names[name]: kind for name, kind in graph["constants"].items()}
        nodes += [
            {**node, "in": [names[name] for name in node["in"]], "out": [names[name] for name in node["out"]]}
            for node in graph["nodes"]
        ]
        tensor = names[end]
    return {**graph, "constants": constants, "nodes": nodes, "outputs": [tensor]}
