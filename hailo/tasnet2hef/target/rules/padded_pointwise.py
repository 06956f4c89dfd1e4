"""1x1 convolutions after a padding, which folding a norm's shift can create."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Report each padding layer in front of a 1x1 convolution."""
    for layer in context.layers("external_pad"):
        readers = [context.net[name] for name in layer.outputs]
        if any(reader.type == "conv" and reader.kernel == (1, 1) for reader in readers):
            message = f"pads {list(layer.input_shapes[0][1:])} to {list(layer.shape[1:])} for a 1x1 convolution"
            yield RULE.finding(context, message, layer=layer)


def _padded() -> onnx.ModelProto:
    """Draw a 1x1 convolution with two rows of padding."""
    graph = GraphSketch()
    return graph.model(graph.conv(graph.input(1, 8, 100, 1), 8, 8, pads=[2, 0, 2, 0]))


def _plain() -> onnx.ModelProto:
    """Draw a 1x1 convolution."""
    graph = GraphSketch()
    return graph.model(graph.conv(graph.input(1, 8, 100, 1), 8, 8))


RULE = Rule(
    id="padded-pointwise",
    title="A 1x1 convolution has padding.",
    level="note",
    stage="translate",
    evidence=(
        Evidence(
            source="external_pad is recorded in front of depthwise convolutions; in front of 1x1 ones it is not",
            grade="inferred",
        ),
    ),
    check=check,
    fix="keep the norm as a layer (`--shift layer`) if the parser refuses it",
    bad=(_padded,),
    good=(_plain,),
)
