"""Constants as large as a feature map: each one is streamed into the chip, row by row, in every run."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.layout import elements
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

_KEEP_SMALL = (
    "keep constants per feature where the net allows it, as positions and masks do not; each run streams it in"
)


def check(context: RuleContext) -> Iterable[Finding]:
    """Report constants that become a layer of many positions, such as the zeros of a PReLU by Max and Min."""
    for layer in context.layers("const_input"):
        positions = elements(layer.shape) // max(layer.shape[-1], 1)
        if positions <= 1:
            continue
        consumer = context.net[layer.outputs[0]].type if layer.outputs else "nothing"
        message = (
            f"a constant is held as a map of {list(layer.shape[1:])} ({elements(layer.shape):,} values) for "
            f"{consumer}"
        )
        by_max = any(name in ("Max", "Min") for name in layer.op_types)
        if by_max:
            message += (
                "; Max and Min become const_input, concat and a grouped reduce_max: a PReLU written with them "
                "costs 10 layers and twice the features"
            )
        yield RULE.finding(context, message, layer=layer, fix="" if by_max else _KEEP_SMALL)


def _prelu_by_max() -> onnx.ModelProto:
    """Draw max(x, 0) + a * min(x, 0) on 199 columns."""
    graph = GraphSketch()
    source, zero = graph.conv(graph.input(1, 64, 1, 199), 64, 64), graph.weight(1, 64, 1, 199)
    positive, negative = graph.node("Max", source, zero), graph.node("Min", source, zero)
    return graph.model(graph.node("Add", positive, graph.node("Mul", negative, graph.weight(1, 64, 1, 1))))


def _leaky() -> onnx.ModelProto:
    """Draw the same as LeakyRelu, which becomes part of the convolution."""
    graph = GraphSketch()
    return graph.model(graph.node("LeakyRelu", graph.conv(graph.input(1, 64, 1, 199), 64, 64), alpha=0.25))


RULE = Rule(
    id="full-size-constant",
    title="A constant as large as a feature map becomes a layer.",
    level="warning",
    stage="compile",
    evidence=(
        Evidence(
            source="Hearable-Dongle/signal-processing-research, hailo/convtas_hailo_model.html (hailo8): "
            "98 const_input, 99 concat, 98 reduce_max in 1,179 layers",
            grade="recorded",
            version="3.33.0",
        ),
    ),
    check=check,
    fix="write the activation as LeakyRelu, or as PRelu with slopes [C, 1, 1]; keep constants per feature",
    bad=(_prelu_by_max,),
    good=(_leaky,),
)
