"""Convolutions whose weights are computed from the net's inputs."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse convolutions that read their weights from another tensor of the net."""
    for node in context.nodes("Conv", "ConvTranspose"):
        if node.has_input(1) and not context.is_constant(node.inputs[1]):
            what = "an input of the graph" if context.producer(node.inputs[1]) is None else "computed"
            message = (
                f"{node.op_type}: its weights {node.inputs[1]} are {what}, no constant: the parser ends in "
                "get_dynamic_kernel_shape with an IndexError"
            )
            yield RULE.finding(context, message, node=node)


def _convolved(scaled: bool) -> onnx.ModelProto:
    graph = GraphSketch()
    source, weight = graph.input(1, 8, 10, 10), graph.weight(8, 8, 3, 3)
    if scaled:
        weight = graph.node("Mul", weight, graph.node("GlobalAveragePool", graph.conv(source, 8, 8)))
    return graph.model(graph.node("Conv", source, weight, kernel_shape=[3, 3]))


def _computed() -> onnx.ModelProto:
    """Draw a convolution whose weights depend on the input."""
    return _convolved(True)


def _constant() -> onnx.ModelProto:
    """Draw a convolution with weights of its own."""
    return _convolved(False)


def _folded() -> onnx.ModelProto:
    """Draw weights that are computed from constants: they are the same in every run."""
    graph = GraphSketch()
    weight = graph.node("Mul", graph.weight(8, 8, 3, 3), graph.weight(8, 1, 1, 1))
    return graph.model(graph.node("Conv", graph.input(1, 8, 10, 10), weight, kernel_shape=[3, 3]))


RULE = Rule(
    id="computed-weights",
    title="A convolution's weights are computed in the net.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public logs (linear-attention block, hailo10h): IndexError",
            grade="recorded",
            words="get_dynamic_kernel_shape",
            version="5.4.0",
        ),
    ),
    check=check,
    fix="make the weights constant: fold what is computed from them before the export; weights that do change "
    "with the input are a MatMul, or belong on the host",
    bad=(_computed,),
    good=(_constant, _folded),
)
