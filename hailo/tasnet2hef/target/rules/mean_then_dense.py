"""A mean that drops its axis, then a reshape into a dense layer."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse ReduceMean without keepdims that leaves three axes for a Reshape or Flatten into a dense layer."""
    for node in context.nodes("ReduceMean"):
        shape = node.output_shapes[0]
        if node.integer("keepdims", 1) or shape is None or len(shape) != 3:
            continue
        for reshape in context.consumers(node):
            dense = any(reader.op_type in ("Gemm", "MatMul") for reader in context.consumers(reshape))
            if reshape.op_type in ("Reshape", "Flatten") and dense:
                message = (
                    f"a mean leaves {list(shape)}, which is reshaped for a dense layer: 'Invalid kernel shape'"
                )
                yield RULE.finding(context, message, node=node)


def _mean(keep: bool) -> onnx.ModelProto:
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 8, 10, 10), 8, 8)
    mean = graph.node("ReduceMean", source, axes=[2, 3] if keep else [2], keepdims=int(keep))
    flat = graph.node("Flatten", mean, axis=1)
    return graph.model(graph.node("Gemm", flat, graph.weight(8 if keep else 80, 5)))


def _dropped() -> onnx.ModelProto:
    """Draw torch.mean(x, 2), reshape, Linear."""
    return _mean(False)


def _pooled() -> onnx.ModelProto:
    """Draw a mean over height and width that keeps both axes, then Linear."""
    return _mean(True)


RULE = Rule(
    id="mean-then-dense",
    title="A mean that drops its axis feeds a dense layer.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public log of an operator survey (hailo8)",
            grade="recorded",
            words="Invalid kernel shape",
            version="3.32.0",
        ),
    ),
    check=check,
    fix="pool with AdaptiveAvgPool2d((1, 1)), then squeeze, then Linear",
    bad=(_dropped,),
    good=(_pooled,),
)
