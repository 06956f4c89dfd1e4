"""Inputs without a batch axis and features."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse graph inputs of fewer than two axes."""
    for name in context.graph.inputs:
        shape = context.graph.shapes[name]
        if len(shape) < 2:
            message = (
                f"input {name} is {list(shape)}: {len(shape)} axes, expected 4 "
                "('TypeError: object of type NoneType has no len() in get_input_layer_shapes')"
            )
            yield RULE.finding(context, message, layer=context.net.by_name.get(name))


def _times() -> onnx.ModelProto:
    """Draw an input [8] of diffusion times."""
    graph = GraphSketch()
    return graph.model(graph.node("Sigmoid", graph.input(8)))


def _image() -> onnx.ModelProto:
    """Draw an input of four axes."""
    graph = GraphSketch()
    return graph.model(graph.node("Sigmoid", graph.input(1, 8, 1, 1)))


RULE = Rule(
    id="rank-one-input",
    title="An input has fewer than two axes.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public log of a gated delta net (hailo10h)",
            grade="recorded",
            words="TypeError: object of type 'NoneType' has no len() in get_input_layer_shapes",
            version="5.4.0",
        ),
    ),
    check=check,
    fix="give the input four axes, or move it to the host",
    bad=(_times,),
    good=(_image,),
)
