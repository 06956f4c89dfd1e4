"""Elementwise operators between tensors of different rank, or where both need broadcasting."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

_ELEMENTWISE = ("Add", "Sub", "Mul", "Div")


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse two computed tensors of different rank; warn where neither has the shape of the result."""
    for node in context.nodes(*_ELEMENTWISE):
        shapes = [shape for shape in node.input_shapes if shape is not None]
        if len(shapes) < 2 or any(context.is_constant(tensor) for tensor in node.inputs):
            continue
        operands = f"{node.op_type} of {list(shapes[0])} and {list(shapes[1])}"
        if len(shapes[0]) != len(shapes[1]):
            yield RULE.finding(context, f"{operands}: {len(shapes[0])} and {len(shapes[1])} axes", node=node)
        elif node.output_shapes[0] not in shapes:
            message = (
                f"{operands}: both are repeated; a broadcast ended in 'ZeroDivisionError' in an ew_mult shape "
                "check"
            )
            yield RULE.finding(context, message, node=node, evidence=1)


def _product(first: tuple[int, ...], second: tuple[int, ...]) -> onnx.ModelProto:
    graph = GraphSketch()
    return graph.model(graph.node("Mul", graph.input(*first), graph.input(*second)))


def _unequal() -> onnx.ModelProto:
    """Draw a product of [1, 8, 10, 64] and [10, 64]."""
    return _product((1, 8, 10, 64), (10, 64))


def _both_repeated() -> onnx.ModelProto:
    """Draw a product of [1, 8, 10, 1] and [1, 1, 1, 64]."""
    return _product((1, 8, 10, 1), (1, 1, 1, 64))


def _one_repeated() -> onnx.ModelProto:
    """Draw a product of [1, 8, 10, 64] and [1, 8, 1, 1], as in attention over features."""
    return _product((1, 8, 10, 64), (1, 8, 1, 1))


RULE = Rule(
    id="broadcast-rank",
    title="An elementwise operator joins tensors of different rank.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(source="weftspun/interactor-hailo-ugen300 (hailo10h)", grade="recorded", version="5.x"),
        Evidence(
            source="masa0810/hailo8-model (DEIMv2, Mul with broadcast)",
            grade="inferred",
            words="ZeroDivisionError in the shape check of an ew_mult layer",
            version="3.33",
        ),
    ),
    check=check,
    fix="give both tensors four axes, and one of them the full shape",
    bad=(
        _unequal,
        _both_repeated,
    ),
    good=(_one_repeated,),
)
