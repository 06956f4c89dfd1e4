"""Where the values of a tensor lie: bounded from below by zero, little below it, or not at all."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.graph.signs import Sign, signs_of
from tasnet2hef.target.rules import GraphSketch

Draw = Callable[[GraphSketch, str], str]


def _hard_swish(graph: GraphSketch, tensor: str) -> str:
    gate = graph.node("Clip", graph.node("Add", tensor, graph.scalar(3.0)), graph.scalar(0.0), graph.scalar(6.0))
    return graph.node("Mul", tensor, graph.node("Div", gate, graph.scalar(6.0)))


def _gelu(graph: GraphSketch, tensor: str) -> str:
    erf = graph.node("Erf", graph.node("Div", tensor, graph.scalar(1.4142)))
    return graph.node("Mul", tensor, graph.node("Add", erf, graph.scalar(1.0)))


def _relu_then(op_type: str, **attributes: object) -> Draw:
    return lambda graph, tensor: graph.node(op_type, graph.node("Relu", tensor), **attributes)


CASES: dict[str, tuple[Draw, Sign]] = {
    "convolution": (lambda graph, tensor: tensor, Sign.SIGNED),
    "relu": (lambda graph, tensor: graph.node("Relu", tensor), Sign.NON_NEGATIVE),
    "relu6": (lambda g, t: g.node("Clip", t, g.scalar(0.0), g.scalar(6.0)), Sign.NON_NEGATIVE),
    "clip below zero": (lambda g, t: g.node("Clip", t, g.scalar(-1.0), g.scalar(1.0)), Sign.SIGNED),
    "relu, pooled": (_relu_then("MaxPool", kernel_shape=[2, 2]), Sign.NON_NEGATIVE),
    "relu, transposed": (_relu_then("Transpose", perm=[0, 2, 3, 1]), Sign.NON_NEGATIVE),
    "relu, negated": (_relu_then("Neg"), Sign.SIGNED),
    "square": (lambda graph, tensor: graph.node("Mul", tensor, tensor), Sign.NON_NEGATIVE),
    "cube": (lambda g, t: g.node("Pow", t, g.scalar(3.0)), Sign.SIGNED),
    "silu": (lambda g, t: g.node("Mul", t, g.node("Sigmoid", t)), Sign.LEANING),
    "hard swish in parts": (_hard_swish, Sign.LEANING),
    "gelu in parts": (_gelu, Sign.LEANING),
    "elu above one": (lambda g, t: g.node("Add", g.node("Elu", t), g.scalar(1.0)), Sign.NON_NEGATIVE),
    "leaky": (lambda g, t: g.node("LeakyRelu", t, alpha=0.1), Sign.LEANING),
    "steep leaky": (lambda g, t: g.node("LeakyRelu", t, alpha=0.8), Sign.SIGNED),
    "sum with a signed one": (lambda g, t: g.node("Add", g.node("Relu", t), t), Sign.SIGNED),
    "scaled by a negative": (lambda g, t: g.node("Mul", g.node("Relu", t), g.scalar(-2.0)), Sign.SIGNED),
    "gate of another": (lambda g, t: g.node("Mul", t, g.node("Sigmoid", g.conv(t, 8, 8))), Sign.SIGNED),
}


@pytest.mark.parametrize("case", CASES)
def test_the_side_of_zero(case: str) -> None:
    draw, expected = CASES[case]
    graph = GraphSketch()
    end = draw(graph, graph.conv(graph.input(1, 8, 12, 12), 8, 8))
    assert signs_of(OpenedGraph(graph.model(end)).loaded)[end] is expected
