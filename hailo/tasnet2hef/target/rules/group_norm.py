"""Group norms, and norms over all channels written as one (gLN)."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.layers import Layer
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse group norms as PyTorch writes them; warn of the operator, of which no run is recorded."""
    for layer in context.layers("group_normalization"):
        if len(layer.onnx) > 1:
            message = (
                f"{_name(layer)} as PyTorch writes it, an instance norm between two reshapes: it parses, then "
                "'Inference input shapes ... does not match HN shapes'"
            )
            yield RULE.finding(context, message, layer=layer)
        else:
            message = (
                f"{_name(layer)}: the operator is not on record; written out by PyTorch it parses, then fails"
            )
            yield RULE.finding(context, message, layer=layer, evidence=1)


def _name(layer: Layer) -> str:
    """Return the norm's name: over one group it is a norm over all channels and positions."""
    if layer.groups == 1:
        return "a group norm of one group (a global layer norm, gLN)"
    return f"a group norm of {layer.groups} groups"


def _normalised(groups: int, opset: int = 13) -> onnx.ModelProto:
    graph = GraphSketch(opset)
    source = graph.conv(graph.input(1, 64, 19, 75), 64, 64)
    scale, shift = graph.weight(groups), graph.weight(groups)
    flat = graph.node("Reshape", source, graph.integers(0, groups, -1))
    normed = graph.node("InstanceNormalization", flat, scale, shift)
    back = graph.node("Reshape", normed, graph.integers(1, 64, 19, 75))
    scaled = graph.node("Mul", back, graph.weight(64, 1, 1))
    return graph.model(graph.conv(graph.node("Add", scaled, graph.weight(64, 1, 1)), 64, 8))


def _eight_groups() -> onnx.ModelProto:
    """Draw nn.GroupNorm(8, 64) as PyTorch exports it."""
    return _normalised(8)


def _one_group() -> onnx.ModelProto:
    """Draw nn.GroupNorm(1, 64) as PyTorch exports it."""
    return _normalised(1)


def _operator() -> onnx.ModelProto:
    """Draw a GroupNormalization node."""
    graph = GraphSketch(opset=21)
    source = graph.conv(graph.input(1, 64, 19, 75), 64, 64)
    return graph.model(graph.node("GroupNormalization", source, graph.weight(64), graph.weight(64), num_groups=8))


def _instance_norm() -> onnx.ModelProto:
    """Draw an instance norm of four axes, which compiled."""
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 64, 19, 75), 64, 64)
    return graph.model(graph.node("InstanceNormalization", source, graph.weight(64), graph.weight(64)))


RULE = Rule(
    id="group-norm",
    title="A group norm parses and then fails.",
    level="error",
    stage="optimize",
    evidence=(
        Evidence(
            source="public log (LPRNet with two group norms, hailo8)",
            grade="recorded",
            words="AccelerasValueError: Inference input shapes [[-1,1,19,64]] for layer conv3 does not match HN "
            "shapes [[-1,19,75,64]]",
            version="3.33",
        ),
        Evidence(source="the same norm as one ONNX operator (opset 18 and later)", grade="inferred"),
    ),
    check=check,
    fix="train with batch norm, which folds into convolutions; or replace the statistics by constants: "
    "`tasnet2hef freeze`, then `tasnet2hef distil`; an exact norm for a Conv-TasNet is written by "
    "`tasnet2hef convert`",
    bad=(_eight_groups, _one_group, _operator),
    good=(_instance_norm,),
)
