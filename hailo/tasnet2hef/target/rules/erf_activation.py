"""GELU written out with Erf: recognised in one form only."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse an Erf except in PyTorch's form of GELU, x / sqrt(2) -> Erf -> + 1 -> * x -> * 0.5."""
    for node in context.nodes("Erf"):
        before = context.producer(node.inputs[0])
        after = [reader.op_type for reader in context.consumers(node)]
        if before is not None and before.op_type == "Div" and after == ["Add"]:
            message = "GELU as Erf nodes in PyTorch's form: fused in DFC 5.3, passed as a module in 3.32"
            yield RULE.finding(context, message, node=node, level="note", evidence=1)
        else:
            message = f"Erf after {before.op_type if before else 'an input'}: 'Unexpected activation'"
            yield RULE.finding(context, message, node=node)


def _keras() -> onnx.ModelProto:
    """Draw GELU with a product in front of Erf."""
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 8, 10, 10), 8, 8)
    erf = graph.node("Erf", graph.node("Mul", source, graph.scalar(0.7071)))
    half = graph.node("Mul", source, graph.scalar(0.5))
    return graph.model(graph.node("Mul", half, graph.node("Add", erf, graph.scalar(1.0))))


def _tanh() -> onnx.ModelProto:
    """Draw another smooth activation."""
    graph = GraphSketch()
    return graph.model(graph.node("Elu", graph.conv(graph.input(1, 8, 10, 10), 8, 8)))


RULE = Rule(
    id="erf-activation",
    title="GELU is written with Erf nodes.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="fast-plate-ocr issue 44 (hailo8l)",
            grade="recorded",
            words="Unexpected activation",
            version="3.31",
        ),
        Evidence(
            source="weftspun/interactor-hailo-ugen300 (torch, opset 17; hailo10h); public log of an operator "
            "survey (hailo8)",
            grade="recorded",
            version="3.32, 5.3.0",
        ),
    ),
    check=check,
    fix="export GELU from torch with opset 17 or 20, so that it stays one pattern",
    bad=(_keras,),
    good=(_tanh,),
)
