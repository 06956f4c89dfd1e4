"""Replaces a PRelu with a single slope by a LeakyRelu, the same function."""

from __future__ import annotations

import math

import onnx
from onnx import TensorProto, helper, numpy_helper

from tasnet2hef.target.known.evidence import Evidence
from tasnet2hef.target.patch.patch import Patch

_FLOATS = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE)


def apply(model: onnx.ModelProto) -> list[str]:
    """Rewrite PRelu nodes whose slope has a single element."""
    slopes = {
        tensor.name: tensor
        for tensor in model.graph.initializer
        if math.prod(tensor.dims) == 1 and tensor.data_type in _FLOATS
    }
    changes = []
    for node in model.graph.node:
        if node.op_type != "PRelu" or node.input[1] not in slopes:
            continue
        slope = float(numpy_helper.to_array(slopes[node.input[1]]).item())
        node.op_type = "LeakyRelu"
        del node.input[1:]
        node.attribute.append(helper.make_attribute("alpha", slope))
        changes.append(f"PRelu {node.name or node.output[0]} is now LeakyRelu with slope {slope:.6g}")
    _drop_unused(model.graph, set(slopes))
    return changes


def _drop_unused(graph: onnx.GraphProto, candidates: set[str]) -> None:
    used = {name for node in graph.node for name in node.input} | {value.name for value in graph.output}
    for tensor in list(graph.initializer):
        if tensor.name in candidates - used:
            graph.initializer.remove(tensor)


PATCH = Patch(
    patch_id="scalar-prelu",
    why="the parser widens a one-dimensional PReLU slope over the features: 'Unsupported dimensions: "
    "[-1, 1, 1999, 262144]', 262144 = 512 x 512",
    evidence=Evidence(
        "Hearable-Dongle/signal-processing-research, optimize: removing the PReLU removed the error",
        "recorded",
        version="3.33.0",
        hardware=("hailo8",),
    ),
    apply=apply,
)
