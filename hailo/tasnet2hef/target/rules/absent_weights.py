"""Weights in a file that is missing."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Report each external file that is missing: shapes are known, but the compiler can't run."""
    for note in context.graph.notes:
        if "absent" in note:
            yield RULE.finding(context, note)


def _large() -> onnx.ModelProto:
    """Draw a convolution whose weights are in a file that is missing."""
    graph = GraphSketch()
    return graph.model(graph.conv(graph.input(1, 512, 10, 1), 512, 512))


def _small() -> onnx.ModelProto:
    """Draw a convolution whose weights are in the file."""
    graph = GraphSketch()
    return graph.model(graph.conv(graph.input(1, 8, 10, 1), 8, 8))


RULE = Rule(
    id="absent-weights",
    title="External weights are missing.",
    level="warning",
    stage="translate",
    evidence=(Evidence(source="ONNX: external data lies beside the model", grade="documented"),),
    check=check,
    fix="put the file beside the model",
    bad=(_large,),
    good=(_small,),
)
