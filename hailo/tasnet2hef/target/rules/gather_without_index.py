"""Gathers whose index is computed: the parser looks for a constant one."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse gathers by a computed index, and gathers from a table of constants (embeddings)."""
    for node in context.nodes("Gather"):
        if context.is_constant(node.inputs[0]):
            message = (
                f"Gather from a table {list(context.shape(node.inputs[0]) or ())} by a computed index: an "
                "embedding, which the parser can't place ('UnsupportedGatherLayerError'; large tables crashed or "
                "hung it)"
            )
            yield RULE.finding(context, message, node=node)
        elif not context.is_constant(node.inputs[1]):
            message = "Gather by a computed index ('UnsupportedGatherLayerError: Can't find index')"
            yield RULE.finding(context, message, node=node)


def _embedding() -> onnx.ModelProto:
    """Draw a token embedding."""
    graph = GraphSketch()
    tokens = graph.input(1, 32, dtype=onnx.TensorProto.INT64)
    return graph.model(graph.node("Gather", graph.weight(1000, 64), tokens, axis=0))


def _constant_index() -> onnx.ModelProto:
    """Draw the choice of features 2 and 3."""
    graph = GraphSketch()
    return graph.model(graph.node("Gather", graph.input(1, 8, 10, 10), graph.integers(2, 3), axis=1))


RULE = Rule(
    id="gather-without-index",
    title="A gather has no constant index.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public logs of YOLO26 (hailo8l) and a language model's embedding (DFC 3.28)",
            grade="recorded",
            words="UnsupportedGatherLayerError in op /model.23/Gather_3: Can't find index",
            version="3.28 and later",
        ),
    ),
    check=check,
    fix="do the look-up on the host and feed its result",
    bad=(_embedding,),
    good=(_constant_index,),
)
