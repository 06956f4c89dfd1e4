"""Convolutions without their kernel_shape, which ONNX allows and not every release of the parser."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.base.text import counted
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Warn once of all convolutions whose kernel is only in the weight's shape."""
    without = [node for node in context.nodes("Conv", "ConvTranspose") if not node.integers("kernel_shape")]
    if without:
        number = counted(len(without), "convolution")
        message = f"{number} without the attribute kernel_shape: one release parsed that, another refused it"
        yield RULE.finding(context, message, nodes=tuple(node.name for node in without))


def _without() -> onnx.ModelProto:
    """Draw a convolution without the attribute."""
    graph = GraphSketch()
    return graph.model(graph.node("Conv", graph.input(1, 8, 10, 10), graph.weight(8, 8, 3, 3)))


def _with() -> onnx.ModelProto:
    """Draw the same convolution with it."""
    graph = GraphSketch()
    return graph.model(graph.conv(graph.input(1, 8, 10, 10), 8, 8, (3, 3)))


RULE = Rule(
    id="kernel-shape-missing",
    title="A convolution lacks the attribute kernel_shape.",
    level="warning",
    stage="translate",
    evidence=(
        Evidence(
            source="community.hailo.ai/t/18423 (XFeat): every Conv needed it; a graph without it parsed in 3.33.0",
            grade="recorded",
            version="3.32",
        ),
    ),
    check=check,
    fix="`tasnet2hef patch` adds it from the weight",
    bad=(_without,),
    good=(_with,),
)
