"""Mul: `ew_mult` of two tensors; an affine layer with a constant; a square; half of a gated activation."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import TAKES_ACTIVATION, Builder, Value
from tasnet2hef.target.graph.converters.pow import square
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.elementwise import affine, combine, is_affine, is_filled_with, operands
from tasnet2hef.target.graph.layers import ParamValue
from tasnet2hef.target.graph.onnx_node import OnnxNode

EW_MULT_PARAMS: dict[str, ParamValue] = {"is_softmax_mask": False, "ew_mult_type": "on_apu"}
_GATES = {"sigmoid": "silu", "hard_sigmoid": "hardswish"}


@converts("Mul")
def convert_mul(node: OnnxNode, build: Builder) -> None:
    """Convert a product; `x * sigmoid(x)` is one activation, `x * x` one square."""
    for constant, tensor in (node.inputs, node.inputs[::-1]):
        if not build.is_constant(constant):
            continue
        source = build.value(tensor)
        if is_affine(build, constant, source):
            if is_filled_with(build, constant, 1.0):
                build.alias(node, source)
            else:
                affine(node, build, source)
            return
    if node.inputs[0] == node.inputs[1]:
        square(node, build, build.value(node.inputs[0]))
        return
    if any(_gate(node, build, gate, tensor) for gate, tensor in (node.inputs, node.inputs[::-1])):
        return
    combine(node, build, "ew_mult", operands(node, build), EW_MULT_PARAMS)


def _gate(node: OnnxNode, build: Builder, gate: str, tensor: str) -> bool:
    """Turn `x * gate(x)` into one activation; return whether it was one."""
    if build.is_constant(gate) or build.is_constant(tensor):
        return False
    gating, source = build.value(gate), build.value(tensor)
    activation = _GATES.get(str(gating.draft.params.get("activation")))
    alone = gating.exclusive and gating.draft.type == "activation"
    if activation is None or not alone or gating.draft.inputs[0].draft is not source.draft:
        return False
    gating.draft.params["activation"] = activation
    value = build.absorb(node, gating)
    if build.use_counts.get(tensor) == 2 and _is_linear(source):
        value = _fuse(gating, source, activation)
    build.bind(node.outputs[0], value)
    return True


def _is_linear(source: Value) -> bool:
    draft = source.draft
    return draft.type in TAKES_ACTIVATION and draft.params.get("activation") == "linear"


def _fuse(gating: Value, source: Value, activation: str) -> Value:
    source.draft.params["activation"] = activation
    source.draft.original_names.extend(gating.draft.original_names)
    source.draft.onnx.extend(gating.draft.onnx)
    source.draft.onnx_shape = gating.draft.onnx_shape
    gating.draft.fused = True
    return Value(source.draft, source.shape, source.layout)
