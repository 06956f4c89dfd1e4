"""Inputs of two axes that no dense layer takes."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

_DENSE = ("Gemm", "MatMul")


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse inputs [batch, features] that go into anything but a dense layer or a Reshape."""
    for name in context.graph.inputs:
        shape, readers = context.graph.shapes[name], context.readers.get(name, ())
        others = [node for node in readers if node.op_type not in (*_DENSE, "Reshape", "Unsqueeze")]
        if len(shape) == 2 and others:
            message = (
                f"input {name} is {list(shape)} and goes into {others[0].op_type}, expected 4 axes (IndexError)"
            )
            yield RULE.finding(context, message, node=others[0])


def _sum() -> onnx.ModelProto:
    """Draw a sum of features [1, 16]."""
    graph = GraphSketch()
    source = graph.node("Add", graph.input(1, 16), graph.weight(1, 16))
    return graph.model(graph.node("Mul", source, graph.weight(1, 16)))


def _dense() -> onnx.ModelProto:
    """Draw a dense layer on features [1, 16]."""
    graph = GraphSketch()
    return graph.model(graph.node("Gemm", graph.input(1, 16), graph.weight(16, 8)))


RULE = Rule(
    id="rank-two-input",
    title="An input has two axes and no dense layer behind it.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public log (operator sweep on hailo10h): [1, 16] into Add and Mul",
            grade="recorded",
            words="IndexError",
            version="5.3.0",
        ),
    ),
    check=check,
    fix="export it with four axes, [1, features, 1, 1]",
    bad=(_sum,),
    good=(_dense,),
)
