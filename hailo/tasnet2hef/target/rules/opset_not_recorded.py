"""Opsets that no recorded compile used."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

_COMPILED = (8, 11, 12, 13, 14, 17)
_PARSED = (15, 16, *range(18, 24))


def check(context: RuleContext) -> Iterable[Finding]:
    """Compare the graph's opset with those seen to compile or to parse."""
    if context.graph.opset not in _COMPILED + _PARSED:
        message = f"opset {context.graph.opset}; {', '.join(map(str, _COMPILED))} compiled, 15 to 23 parsed"
        yield RULE.finding(context, message)


def _relu(opset: int) -> onnx.ModelProto:
    graph = GraphSketch(opset)
    return graph.model(graph.node("Relu", graph.input(1, 8, 10, 10)))


def _ten() -> onnx.ModelProto:
    """Draw a graph of opset 10."""
    return _relu(10)


def _thirteen() -> onnx.ModelProto:
    """Draw a graph of opset 13."""
    return _relu(13)


RULE = Rule(
    id="opset-not-recorded",
    title="The opset was not seen to compile.",
    level="warning",
    stage="translate",
    evidence=(
        Evidence(
            source="HEF files and public logs (11 to 14, 17); hailo_model_zoo issue 27 (8, 11); a parse of an "
            "opset 18 graph (3.33.0); weftspun/nx_shuttle, README: the same graph parsed at 13 to 23 (5.3.0)",
            grade="inferred",
        ),
    ),
    check=check,
    fix="export with opset 13 to 17",
    bad=(_ten,),
    good=(_thirteen,),
)
