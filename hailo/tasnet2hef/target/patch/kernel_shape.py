"""Adds the kernel_shape of convolutions, which ONNX allows to be left out."""

from __future__ import annotations

import onnx
from onnx import helper

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.known.evidence import Evidence
from tasnet2hef.target.patch.patch import Patch


def apply(model: onnx.ModelProto) -> list[str]:
    """Add ``kernel_shape`` from the weight wherever a convolution lacks it."""
    dims = {tensor.name: list(tensor.dims) for tensor in model.graph.initializer}
    changes = []
    for node in model.graph.node:
        if node.op_type not in ("Conv", "ConvTranspose") or node.input[1] not in dims:
            continue
        if any(attribute.name == "kernel_shape" for attribute in node.attribute):
            continue
        kernel = dims[node.input[1]][2:]
        if not kernel:
            raise GraphError(
                f"node {node.name or node.op_type}: its weights {node.input[1]} have shape {dims[node.input[1]]}, "
                "expected filters, channels and a kernel; export again"
            )
        node.attribute.append(helper.make_attribute("kernel_shape", kernel))
        changes.append(f"{node.op_type} {node.name or node.output[0]}: kernel_shape {kernel}")
    return changes


PATCH = Patch(
    patch_id="kernel-shape",
    why="the parser takes the kernel from this attribute; without it the kernel is left to be guessed",
    evidence=Evidence(
        "the attribute is optional in ONNX, and 'Invalid kernel shape' is a recorded refusal of DFC 3.32.0 and "
        "5.3.0 with other causes",
        "inferred",
    ),
    apply=apply,
)
