"""Failures of the translate stage: what the parser can't turn into layers."""

from __future__ import annotations

from typing import Final

from tasnet2hef.target.failures.next_commands import CHECK, EXPORT_TALL, PATCH
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.known.evidence import Evidence

SIGNATURES: Final = (
    Signature(
        id="activation",
        patterns=(r"UnsupportedActivationLayerError", r"Unexpected activation"),
        cause="an activation that the compiler does not support in this form",
        rule="erf-activation",
    ),
    Signature(
        id="broadcast",
        patterns=(r"ZeroDivisionError", r"not broadcastable"),
        cause="the two sides of a sum or product have sizes that the compiler can't bring together",
        rule="broadcast-rank",
    ),
    Signature(
        id="constant-of-shape",
        patterns=(r"in parse_raw_data",),
        cause="a constant that a node computes is read like a stored one",
        rule="constant-of-shape",
        commands=(PATCH, CHECK),
    ),
    Signature(
        id="dynamic-reshape",
        patterns=(r"is_windows_to_input_chain_end",),
        cause="a reshape whose target sizes are computed in the graph",
        rule="dynamic-reshape",
        commands=(PATCH, CHECK),
    ),
    Signature(
        id="gather-index",
        patterns=(r"UnsupportedGatherLayerError",),
        cause="a gather whose index the parser can't find",
        rule="gather-without-index",
    ),
    Signature(
        id="graph-cycle",
        patterns=(r"NetworkXUnfeasible", r"Graph contains a cycle"),
        cause="the compiler turns its own simplification off for large models, and then finds a cycle",
        fix="simplify the graph first (onnxsim --no-large-tensor)",
        evidence=Evidence(source="public log of a language model", grade="recorded"),
    ),
    Signature(
        id="kernel-shape",
        patterns=(r"Invalid kernel shape",),
        cause="a convolution or dense layer whose kernel and input disagree once the compiler has moved the axes",
        rule="mean-then-dense",
    ),
    Signature(
        id="layer-norm-format",
        patterns=(r"_?convert_axes_to_nhwc", r"axes_to_nhwc"),
        cause="the parser does not know the order of a norm's input axes",
        rule="layer-norm-format",
    ),
    Signature(
        id="misspelt-node",
        patterns=(r"MisspellNodeError",),
        cause="a start or end node is not in the graph",
        rule="node-names",
        commands=(PATCH,),
    ),
    Signature(
        id="rank-one-input",
        patterns=(r"get_input_layer_shapes",),
        cause="an input of one axis has no shape for the parser",
        rule="rank-one-input",
    ),
    Signature(
        id="recurrent-layer",
        patterns=(r"UnsupportedLSTMLayerError",),
        cause="a recurrent layer of a form that the compiler has no layer for",
        rule="recurrent-layer",
    ),
    Signature(
        id="reduction-axes",
        patterns=(r"UnsupportedReduce(?:Sum|Max|Mean)LayerError",),
        cause="a sum, mean or maximum over axes that the compiler has no layer for",
        rule="reduction-axes",
    ),
    Signature(
        id="shuffle-layer",
        patterns=(r"UnsupportedShuffleLayerError", r"Invalid position of 0"),
        cause="a reshape or transpose that moves data between axes in a way that the chip has no layer for",
        rule="general-reshape",
        commands=(CHECK, EXPORT_TALL),
    ),
    Signature(
        id="slice-form",
        patterns=(r"UnsupportedSliceLayerError",),
        cause="a slice over an axis, or with a step, that the compiler has no layer for",
        rule="slice-form",
    ),
    Signature(
        id="squeeze",
        patterns=(r"UnexpectedNodeError[^\n]*Squeeze",),
        cause="an axis is removed or added between layers",
        rule="squeeze-between-layers",
        commands=(PATCH, CHECK),
    ),
    Signature(
        id="three-axes",
        patterns=(r"UnsupportedConv3D\w*", r"Unsupported dimensions"),
        cause="a tensor of three axes: its channels are read as another axis",
        rule="one-dimensional-convolution",
        commands=(CHECK, EXPORT_TALL),
    ),
    Signature(
        id="tile-check",
        patterns=(r"is_null_transpose_near_torch_tile",),
        cause="a check for a repeated tensor runs past the end of the graph",
        rule="general-transpose",
    ),
    Signature(
        id="unexpected-node",
        patterns=(r"UnexpectedNodeError", r"Unexpected node"),
        cause="the parser has no layer for this node at this place",
        rule="unsupported-operator",
    ),
    Signature(
        id="unsupported-model",
        patterns=(r"UnsupportedModelError", r"ParsingWithRecommendationException"),
        cause="the parser gave up on part of the graph",
        rule="unsupported-form",
        general=True,
    ),
    Signature(
        id="unsupported-operator",
        patterns=(r"UnsupportedOperationError", r"operation is unsupported"),
        cause="the compiler has no layer for an operator",
        rule="unsupported-operator",
    ),
)
