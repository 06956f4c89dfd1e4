"""Div: the denominator is inverted by an activation, then multiplied; same-size tensors are `ew_div`.

Recorded: `x / sqrt(v)` is `inv_sqrt`, a resize and `ew_mult`.  `x / ReduceL2` ended in `ew_mult1` too.
"""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder, Value
from tasnet2hef.target.graph.converters.activation import activate_gelu
from tasnet2hef.target.graph.converters.mul import EW_MULT_PARAMS
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.elementwise import affine, combine, is_affine, is_filled_with, operands
from tasnet2hef.target.graph.fused_patterns import gelu_at
from tasnet2hef.target.graph.layout import elements
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("Div")
def convert_div(node: OnnxNode, build: Builder) -> None:
    """Convert a quotient; one that begins a GELU becomes that activation."""
    gelu = gelu_at(node, build.consumers, build.is_constant)
    if gelu:
        activate_gelu(gelu, build)
        return
    first, second = node.inputs
    if build.is_constant(second) and is_affine(build, second, build.value(first)):
        if is_filled_with(build, second, 1.0):
            build.alias(node, build.value(first))
        else:
            affine(node, build, build.value(first))
        return
    if build.is_constant(first) and is_affine(build, first, build.value(second)):
        _inverse(node, build, first, build.value(second))
        return
    numerator, denominator = operands(node, build)
    if _is_lone_root(denominator):
        denominator.draft.params["activation"] = "inv_sqrt"
        denominator.draft.original_names.append(node.name)
        denominator.draft.onnx.append(node)
    elif elements(denominator.shape) < elements(numerator.shape):
        denominator = build.add(
            node,
            "activation",
            [denominator],
            denominator.shape,
            {"activation": "inv_pos"},
            layout=denominator.layout,
        )
    else:
        combine(node, build, "ew_div", (numerator, denominator), {})
        return
    combine(node, build, "ew_mult", (numerator, denominator), EW_MULT_PARAMS)


def _is_lone_root(value: Value) -> bool:
    draft = value.draft
    return value.exclusive and draft.type == "activation" and draft.params.get("activation") == "sqrt"


def _inverse(node: OnnxNode, build: Builder, numerator: str, denominator: Value) -> None:
    activation = "inv_sqrt" if _is_lone_root(denominator) else "inv_pos"
    if activation == "inv_sqrt":
        denominator.draft.params["activation"] = activation
        build.bind(node.outputs[0], build.absorb(node, denominator))
    else:
        build.activate(node, denominator, activation)
    if not is_filled_with(build, numerator, 1.0):
        affine(node, build, build.value(node.outputs[0]))
