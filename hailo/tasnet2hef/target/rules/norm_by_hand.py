"""Norms written with Sqrt and Div: an inverse root in eight bits."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.known.evidence import Evidence
from tasnet2hef.target.rules.framework.context import RuleContext
from tasnet2hef.target.rules.framework.finding import Finding
from tasnet2hef.target.rules.framework.rule import Rule
from tasnet2hef.target.rules.framework.sketch import GraphSketch


def check(context: RuleContext) -> Iterable[Finding]:
    """Name each inverse square root."""
    for layer in context.layers("activation"):
        if layer.activation == "inv_sqrt":
            message = (
                "an inverse square root as an activation: it parsed (DFC 3.33.0); its wide range in 8 bits is not "
                "recorded to optimise well"
            )
            yield RULE.finding(context, message, layer=layer)


def _norm() -> onnx.ModelProto:
    """Draw x / sqrt(mean(x * x))."""
    draw = GraphSketch()
    source = draw.conv(draw.input(1, 64, 100, 1), 64, 64)
    power = draw.node("ReduceMean", draw.node("Mul", source, source), axes=[1])
    return draw.model(draw.node("Div", source, draw.node("Sqrt", power)))


def _affine() -> onnx.ModelProto:
    """Draw a scale and a shift per feature."""
    draw = GraphSketch()
    source = draw.conv(draw.input(1, 64, 100, 1), 64, 64)
    scaled = draw.node("Mul", source, draw.weight(1, 64, 1, 1))
    return draw.model(draw.node("Add", scaled, draw.weight(1, 64, 1, 1)))


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
