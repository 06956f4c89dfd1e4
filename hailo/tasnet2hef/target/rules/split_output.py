"""Splits with a part that no layer reads, or that is an output of the graph."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse a Split with an output that is a graph output or unused."""
    outputs = set(context.graph.outputs)
    for node in context.nodes("Split"):
        unread = [tensor for tensor in node.outputs if tensor in outputs or tensor not in context.readers]
        if unread:
            message = (
                f"Split with {len(unread)} of {len(node.outputs)} parts read by no layer ({', '.join(unread[:3])})"
                ": 'successor name is missing, output shape is ambiguous'"
            )
            yield RULE.finding(context, message, node=node)


def _outputs() -> onnx.ModelProto:
    """Draw a split into three graph outputs."""
    graph = GraphSketch()
    first = graph.node("Split", graph.input(1, 8192, 1, 8), graph.integers(2048, 2048, 4096), count=3, axis=1)
    return graph.model(first, f"{first}_2", f"{first}_3")


def _slices() -> onnx.ModelProto:
    """Draw the same as three slices, which compiled."""
    graph = GraphSketch()
    source = graph.input(1, 8192, 1, 8)
    ends = [(0, 2048), (2048, 4096), (4096, 8192)]
    parts = [
        graph.node("Slice", source, graph.integers(first), graph.integers(last), graph.integers(1))
        for first, last in ends
    ]
    return graph.model(*parts)


RULE = Rule(
    id="split-output",
    title="A part of a split has no reader.",
    level="error",
    stage="compile",
    evidence=(
        Evidence(
            source="public log of a language model's projections (hailo10h)",
            grade="recorded",
            words="successor name is missing, output shape is ambiguous",
            version="5.4.0",
        ),
    ),
    check=check,
    fix="write each part as a Slice over features",
    bad=(_outputs,),
    good=(_slices,),
)
