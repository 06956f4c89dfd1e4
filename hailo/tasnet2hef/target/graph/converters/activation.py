"""Activations without options: each ONNX operator has one name in the compiler."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

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


def activate_gelu(nodes: Sequence[OnnxNode], build: Builder) -> None:
    """Apply a GELU that is written out in several nodes: its input is read twice, by them alone."""
    first, last = nodes[0], nodes[-1]
    source = build.value(first.inputs[0])
    lone = build.use_counts.get(first.inputs[0]) == 2
    build.activate(first, replace(source, exclusive=lone), "gelu")
    value = build.value(first.outputs[0])
    for node in nodes[1:]:
        build.absorb(node, value)
        build.bind(node.outputs[0], value)
    build.bind(last.outputs[0], value)
