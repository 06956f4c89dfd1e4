"""Activations without options: each ONNX operator has one name in the compiler."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.onnx_node import OnnxNode

_ACTIVATIONS = {
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Elu": "elu",
    "Exp": "exp",
    "Log": "log",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "HardSwish": "hardswish",
    "HardSigmoid": "hard_sigmoid",
    "Gelu": "gelu",
    "Mish": "mish",
    "Swish": "silu",
    "Reciprocal": "inv_pos",
}


@converts(*_ACTIVATIONS)
def convert_activation(node: OnnxNode, build: Builder) -> None:
    """Convert an activation of one input."""
    build.activate(node, build.value(node.inputs[0]), _ACTIVATIONS[node.op_type])
