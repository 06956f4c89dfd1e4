"""LSTM, GRU and RNN: unrolled at best, and refused where bidirectional."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse bidirectional recurrent layers; warn of the others, which are unrolled step by step."""
    for layer in context.net.unsupported:
        node = layer.onnx[0]
        if node.op_type not in ("LSTM", "GRU", "RNN"):
            continue
        direction = node.text("direction", "forward")
        if direction == "bidirectional":
            message = (
                f"bidirectional {node.op_type}: 'UnsupportedLSTMLayerError: activation types ... not supported'"
            )
            yield RULE.finding(context, message, layer=layer)
        else:
            message = (
                f"{node.op_type} ({direction}): unrolled into layers for every step; only short ones were seen"
            )
            yield RULE.finding(context, message, layer=layer, evidence=1)


def _lstm(direction: str, count: int) -> onnx.ModelProto:
    graph = GraphSketch()
    weights = graph.weight(count, 64, 8), graph.weight(count, 64, 16)
    return graph.model(graph.node("LSTM", graph.input(20, 1, 8), *weights, direction=direction, hidden_size=16))


def _both_ways() -> onnx.ModelProto:
    """Draw a bidirectional LSTM."""
    return _lstm("bidirectional", 2)


def _forward() -> onnx.ModelProto:
    """Draw a forward LSTM of 20 steps."""
    return _lstm("forward", 1)


def _convolutional() -> onnx.ModelProto:
    """Draw a dilated convolution over time instead."""
    graph = GraphSketch()
    return graph.model(graph.conv(graph.input(1, 8, 20, 1), 8, 16, (3, 1), pads=[1, 0, 1, 0]))


RULE = Rule(
    id="recurrent-layer",
    title="A recurrent layer is refused or unrolled.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public log of a beat tracker (hailo8l)",
            grade="recorded",
            words="UnsupportedLSTMLayerError in op LSTM__159: activation types "
            "['Sigmoid','Tanh','Tanh','Sigmoid','Tanh','Tanh'] are not supported",
        ),
        Evidence(source="a published GRU of 8 unrolled steps runs", grade="inferred"),
    ),
    check=check,
    fix="use a dilated convolutional net; or run the recurrence on the host",
    bad=(
        _both_ways,
        _forward,
    ),
    good=(_convolutional,),
)
