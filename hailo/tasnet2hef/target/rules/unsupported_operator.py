"""Operators that the parser has no layer for."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.converters.registry import discover
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext
from tasnet2hef.target.rules.quantised_graph import OPERATORS as QUANTISED
from tasnet2hef.target.rules.silently_not_performed import is_skipped

# Refused in public logs, by the name that the compiler gave them.
_RECORDED = {
    "Expand": "UnexpectedNodeError: Unexpected node ... (Expand)",
    "TopK": "UnsupportedOperationError: TopK operation is unsupported",
    "GatherElements": "UnsupportedOperationError: GatherElements operation is unsupported",
    "Mod": "UnsupportedOperationError: Mod operation is unsupported",
}
# Refused in a public log that does not quote the compiler.
_REFUSED = ("Where",)
_REWRITTEN = {
    "LessOrEqual": "write x <= c as 1 - Greater(x, c): that compiled, with the same numbers",
    "GreaterOrEqual": "write x >= c as 1 - Greater(c, x), as 1 - Greater(x, c) compiled",
    "Not": "write not (x > c) as 1 - Greater(x, c): that compiled, with the same numbers",
}
"""Recorded in an operator sweep (hailo10h, 5.3.0)."""
# The predicted parser has no layer for them, but lists of what the compiler accepts name them, in some form.
_SEEN_ELSEWHERE = (
    *(
        "ArgMax",
        "Cast",
        "Einsum",
        "Equal",
        "Greater",
        "HardSwish",
        "Less",
        "LogSoftmax",
        "Mean",
        "NonMaxSuppression",
    ),
    *("ReduceL1", "ReduceMin", "ReduceSumSquare", "Sign", "Sum", "ThresholdedRelu"),
)
_OWN_RULES = ("Erf", "LSTM", "GRU", "RNN", *QUANTISED)


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse nodes of an operator without a layer; warn of those that pass in some form."""
    operators = discover()
    for layer in context.net.unsupported:
        operator = layer.onnx[0].op_type
        if (operator in operators and operator not in _RECORDED) or operator in _OWN_RULES:
            continue
        if is_skipped(layer.onnx[0]):
            continue
        words = _RECORDED.get(operator, f"UnsupportedOperationError: {operator} operation is unsupported")
        if operator in _REFUSED:
            message = f"{operator}: refused where it does not fold away"
            yield RULE.finding(context, message, layer=layer, evidence=2)
        elif operator in _SEEN_ELSEWHERE:
            message = f"{operator}: the compiler supports it in some forms only"
            yield RULE.finding(context, message, layer=layer, evidence=1)
        else:
            message = f"{operator} has no layer on the chip; the parser stops with '{words}'"
            yield RULE.finding(context, message, layer=layer, fix=_REWRITTEN.get(operator, ""))


def _expand() -> onnx.ModelProto:
    """Draw an Expand of keys over heads."""
    graph = GraphSketch()
    wide = graph.node("Expand", graph.input(1, 1, 8, 64), graph.integers(1, 4, 8, 64))
    return graph.model(graph.node("Relu", wide))


def _top_k() -> onnx.ModelProto:
    """Draw the choice of a detector's best boxes."""
    graph = GraphSketch()
    return graph.model(graph.node("TopK", graph.input(1, 1, 1, 100), graph.integers(10), count=2, axis=3))


def _abs() -> onnx.ModelProto:
    """Draw an absolute value."""
    graph = GraphSketch()
    return graph.model(graph.node("Abs", graph.input(1, 8, 10, 10)))


def _cumulative_sum() -> onnx.ModelProto:
    """Draw a running sum, as cumulative layer norm needs."""
    graph = GraphSketch()
    return graph.model(graph.node("CumSum", graph.input(1, 8, 100, 1), graph.scalar(2)))


def _normalised() -> onnx.ModelProto:
    """Draw an L2 norm over features, whose Expand the division does by itself: it compiled."""
    graph = GraphSketch()
    source = graph.input(1, 64, 60, 80)
    norm = graph.node("ReduceL2", source, axes=[1], keepdims=1)
    return graph.model(graph.node("Div", source, graph.node("Expand", norm, graph.integers(1, 64, 60, 80))))


RULE = Rule(
    id="unsupported-operator",
    title="An operator has no layer on the chip.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public logs of YOLO26 (hailo8l), RT-DETR (hailo8), language models (hailo10h); "
            "masa0810/hailo8-model; weftspun/interactor-hailo-ugen300 (Abs)",
            grade="recorded",
            words="UnsupportedOperationError: GatherElements/TopK/Mod operation is "
            "unsupported\nUnexpectedNodeError: Unexpected node ... (Expand)",
            version="3.31, 3.33, 5.x",
        ),
        Evidence(source="layer types in shipped model scripts; no verdict on this form", grade="inferred"),
        Evidence(source="public log (operator sweep on hailo10h)", grade="recorded", version="5.3.0"),
    ),
    check=check,
    fix="end the graph before it and do it on the host, or write it with layers that exist (Abs as sqrt(x * "
    "x), Expand as Tile or left to the arithmetic that follows)",
    bad=(
        _expand,
        _top_k,
        _abs,
        _cumulative_sum,
    ),
    good=(_normalised,),
)
