"""Squeezes in the middle of a graph."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse a Squeeze to fewer than four axes whose reader is neither a dense layer nor the end."""
    for node in context.nodes("Squeeze"):
        if node.index in context.attention:
            continue
        readers = context.consumers(node)
        if any(reader.op_type not in ("Gemm", "MatMul") for reader in readers):
            after = ", ".join(dict.fromkeys(reader.op_type for reader in readers))
            message = f"Squeeze in front of {after}: 'UnexpectedNodeError: Unexpected node ... (Squeeze)'"
            yield RULE.finding(context, message, node=node)


def _squeezed() -> onnx.ModelProto:
    """Draw a Squeeze in front of an activation."""
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 8, 1, 100), 8, 8)
    return graph.model(graph.node("Tanh", graph.node("Squeeze", source, graph.integers(2))))


def _at_the_end() -> onnx.ModelProto:
    """Draw a Squeeze as the last node, which parsed as part of the layer before it."""
    graph = GraphSketch()
    return graph.model(graph.node("Squeeze", graph.conv(graph.input(1, 8, 1, 100), 8, 8), graph.integers(2)))


RULE = Rule(
    id="squeeze-between-layers",
    title="A squeeze is between two layers.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public log of a beat tracker (hailo8l)",
            grade="recorded",
            words="UnexpectedNodeError in op Squeeze__77: Unexpected node Squeeze__77 (Squeeze)",
        ),
    ),
    check=check,
    fix="keep four axes until the end",
    bad=(_squeezed,),
    good=(_at_the_end,),
)
