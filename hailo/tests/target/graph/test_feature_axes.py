"""Where the features of a token are, behind transposes and reshapes."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tasnet2hef.target.graph.feature_axes import feature_axes
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules import GraphSketch

Draw = Callable[[GraphSketch], str]


def _map(graph: GraphSketch) -> str:
    return graph.conv(graph.input(1, 64, 4, 8), 64, 64)


def _tokens(graph: GraphSketch) -> str:
    return graph.node("MatMul", graph.input(1, 50, 64), graph.weight(64, 64))


def _heads(graph: GraphSketch, *order: int) -> str:
    split = graph.node("Reshape", _tokens(graph), graph.integers(1, 50, 4, 16))
    return graph.node("Transpose", split, perm=list(order)) if order else split


CASES: dict[str, tuple[Draw, int]] = {
    "map": (_map, 1),
    "map, channels last": (lambda graph: graph.node("Transpose", _map(graph), perm=[0, 2, 3, 1]), 3),
    "map, flattened": (lambda graph: graph.node("Reshape", _map(graph), graph.integers(1, 64, 32)), 1),
    "tokens": (_tokens, 2),
    "tokens, transposed": (lambda graph: graph.node("Transpose", _tokens(graph), perm=[0, 2, 1]), 1),
    "heads": (_heads, 3),
    "queries": (lambda graph: _heads(graph, 0, 2, 1, 3), 3),
    "keys": (lambda graph: _heads(graph, 0, 2, 3, 1), 2),
    "heads merged": (lambda graph: graph.node("Reshape", _heads(graph), graph.integers(1, 50, 64)), 2),
}


@pytest.mark.parametrize("case", CASES)
def test_the_axis_of_the_features(case: str) -> None:
    draw, expected = CASES[case]
    graph = GraphSketch()
    end = draw(graph)
    assert feature_axes(OpenedGraph(graph.model(end)).loaded)[end] == expected
