"""Norms written with Sqrt and Div: an inverse root in eight bits."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Report each inverse square root."""
    for layer in context.layers("activation"):
        if layer.activation == "inv_sqrt":
            message = (
                "an inverse square root as an activation: it parsed (DFC 3.33.0); its wide range in 8 bits is not "
                "recorded to optimise well"
            )
            yield RULE.finding(context, message, layer=layer)


def _norm() -> onnx.ModelProto:
    """Draw x / sqrt(mean(x * x))."""
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 64, 100, 1), 64, 64)
    power = graph.node("ReduceMean", graph.node("Mul", source, source), axes=[1])
    return graph.model(graph.node("Div", source, graph.node("Sqrt", power)))


def _affine() -> onnx.ModelProto:
    """Draw a scale and a shift per feature."""
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 64, 100, 1), 64, 64)
    scaled = graph.node("Mul", source, graph.weight(1, 64, 1, 1))
    return graph.model(graph.node("Add", scaled, graph.weight(1, 64, 1, 1)))


RULE = Rule(
    id="norm-by-hand",
    title="A norm is written with an inverse square root.",
    level="warning",
    stage="optimize",
    evidence=(
        Evidence(
            source="Hearable-Dongle, hailo/convtas_hailo_model.html: parsed; no optimised result known",
            grade="inferred",
            version="3.33.0",
        ),
    ),
    check=check,
    fix="freeze the statistics to constants, which fold into convolutions; else keep this layer in 16 bits",
    bad=(_norm,),
    good=(_affine,),
)
