"""Graphs that another tool has quantised: the compiler wants floats and quantises by itself."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.base.text import counted
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

OPERATORS = (
    "QuantizeLinear",
    "DequantizeLinear",
    "DynamicQuantizeLinear",
    "MatMulInteger",
    "ConvInteger",
    "QLinearConv",
    "QLinearMatMul",
)


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse the graph once, whatever the number of its quantised nodes."""
    nodes = tuple(node.name for node in context.nodes(*OPERATORS))
    if nodes:
        kinds = ", ".join(dict.fromkeys(node.op_type for node in context.nodes(*OPERATORS)))
        number = counted(len(nodes), "node")
        message = f"quantised by another tool: {number} of {kinds}; UnsupportedOperationError each"
        yield RULE.finding(context, message, nodes=nodes)


def _pairs() -> onnx.ModelProto:
    """Draw a convolution whose input is quantised and restored."""
    graph = GraphSketch()
    scale = graph.scalar(0.1)
    quantised = graph.node("QuantizeLinear", graph.input(1, 8, 10, 10), scale)
    restored = graph.node("DequantizeLinear", quantised, scale)
    return graph.model(graph.conv(restored, 8, 8))


def _float() -> onnx.ModelProto:
    """Draw the same convolution in float."""
    graph = GraphSketch()
    return graph.model(graph.conv(graph.input(1, 8, 10, 10), 8, 8))


RULE = Rule(
    id="quantised-graph",
    title="The file was quantised by another tool.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public logs of encoders that ONNX Runtime had quantised",
            grade="recorded",
            words="UnsupportedOperationError: DynamicQuantizeLinear / MatMulInteger / ConvInteger / QLinearConv "
            "operation is unsupported",
        ),
    ),
    check=check,
    fix="give the float ONNX that it was made from; the compiler quantises it with your calibration set",
    bad=(_pairs,),
    good=(_float,),
)
