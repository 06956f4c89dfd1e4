"""Concatenations of wide tensors: the compiler has to reshape their rows first, and can't."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.known.limits import CONCAT_ROW_FAIL_BYTES, ROW_PASS_BYTES
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Level, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Compare each concatenation's row (width x features bytes) with the narrowest that failed."""
    for layer in context.layers("concat"):
        row_bytes = layer.shape[-2] * layer.shape[-1]
        if row_bytes > ROW_PASS_BYTES.value:
            level: Level = "error" if row_bytes >= CONCAT_ROW_FAIL_BYTES.value else "warning"
            message = (
                f"concat makes a row of {row_bytes:,} bytes ({layer.shape[-2]} columns x {layer.shape[-1]} "
                f"features); one of {int(CONCAT_ROW_FAIL_BYTES):,} bytes was refused ('Agent infeasible'), wide "
                "skips too ('Reshape is needed for layers: ... concat1')"
            )
            yield RULE.finding(context, message, layer=layer, level=level)


def _head() -> onnx.ModelProto:
    """Draw the join of a detector's three heads to [1, 37, 8400]."""
    graph = GraphSketch()
    parts = [graph.node("Relu", graph.input(1, 37, 1, size)) for size in (6400, 1600, 400)]
    return graph.model(graph.node("Concat", *parts, axis=3))


def _narrow() -> onnx.ModelProto:
    """Draw a concatenation over features of two narrow tensors."""
    graph = GraphSketch()
    parts = [graph.node("Relu", graph.input(1, 64, 40, 40)) for _ in range(2)]
    return graph.model(graph.node("Concat", *parts, axis=1))


RULE = Rule(
    id="concat-too-wide",
    title="A concatenation has rows that the compiler can't bring into one format.",
    level="error",
    stage="compile",
    evidence=(
        Evidence(
            source="public log of a YOLO head (concat24); Hearable-Dongle, hailo/CONVERSION_NOTES.md",
            grade="recorded",
            words="Reshape is needed for layers: conv5..conv73, shortcut1, concat1, ew_mult1, but adding a "
            "reshape has failed.",
            version="3.33.0",
            hardware=("hailo8",),
        ),
    ),
    check=check,
    fix="keep the parts as separate outputs, or use the tall layout",
    bad=(_head,),
    good=(_narrow,),
)
