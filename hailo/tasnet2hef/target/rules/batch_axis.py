"""Inputs with a batch larger than one."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Compare the batch of each input with 1."""
    for name in context.graph.inputs:
        shape = context.graph.shapes[name]
        if len(shape) > 1 and shape[0] > 1:
            message = (
                f"input {name} is {list(shape)}: a batch of {shape[0]}; the compiler's graph has one frame a run"
            )
            yield RULE.finding(context, message)


def _batch(size: int) -> onnx.ModelProto:
    graph = GraphSketch()
    return graph.model(graph.node("Relu", graph.input(size, 8, 10, 10)))


def _four() -> onnx.ModelProto:
    """Draw a batch of 4."""
    return _batch(4)


def _one() -> onnx.ModelProto:
    """Draw a batch of 1."""
    return _batch(1)


RULE = Rule(
    id="batch-axis",
    title="An input holds several examples.",
    level="warning",
    stage="translate",
    evidence=(Evidence(source="every recorded parse has batch 1, written -1", grade="inferred"),),
    check=check,
    fix="export with batch 1; windows can run side by side on the width axis",
    bad=(_four,),
    good=(_one,),
)
