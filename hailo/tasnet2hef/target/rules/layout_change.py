"""Format conversions: data that has to be written out in another order."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Report each change of the order of axes that could not be merged into a layer."""
    for layer in context.layers("format_conversion"):
        params = layer.params
        message = (
            f"{list(layer.input_shapes[0][1:])} becomes {list(layer.shape[1:])} "
            f"(axes {params.get('from_layout')} read as {params.get('to_layout')})"
        )
        yield RULE.finding(context, message, layer=layer)


def _swapped() -> onnx.ModelProto:
    """Draw a convolution over a tensor whose features and width were swapped."""
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 8, 10, 20), 8, 8)
    return graph.model(graph.conv(graph.node("Transpose", source, perm=[0, 3, 2, 1]), 20, 4))


def _straight() -> onnx.ModelProto:
    """Draw two convolutions in a row."""
    graph = GraphSketch()
    return graph.model(graph.conv(graph.conv(graph.input(1, 8, 10, 20), 8, 8), 8, 4))


RULE = Rule(
    id="layout-change",
    title="Data changes its order of axes between layers.",
    level="warning",
    stage="translate",
    evidence=(
        Evidence(
            source="shuffles in general end in UnsupportedShuffleLayerError; this one has no verdict",
            grade="inferred",
        ),
    ),
    check=check,
    fix="keep one order of axes from end to end",
    bad=(_swapped,),
    good=(_straight,),
)
