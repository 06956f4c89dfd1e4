"""Shapes behind sizes that are measured in the graph."""

from __future__ import annotations

import onnx

from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules import GraphSketch


def _shapes(model: onnx.ModelProto, *tensors: str) -> list[tuple[int, ...] | None]:
    shapes = OpenedGraph(model).loaded.shapes
    return [shapes.get(tensor) for tensor in tensors]


def test_a_reshape_to_the_shape_of_another_tensor() -> None:
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 8, 10, 10), 8, 8)
    flat = graph.node("Reshape", source, graph.integers(1, 4, -1))
    back = graph.node("Reshape", flat, graph.node("Shape", source))
    end = graph.node("Relu", back)
    assert _shapes(graph.model(end), flat, back, end) == [(1, 4, 200), (1, 8, 10, 10), (1, 8, 10, 10)]


def test_an_expand_to_sizes_that_are_computed() -> None:
    graph = GraphSketch()
    source = graph.input(1, 50, 64)
    batch = graph.node("Gather", graph.node("Shape", source), graph.integers(0), axis=0)
    sizes = graph.node("Concat", batch, graph.integers(-1, -1), axis=0)
    ones = graph.node("Mul", graph.node("ConstantOfShape", graph.integers(3)), graph.scalar(1.0))
    same = graph.node("Cast", ones, to=onnx.TensorProto.INT64)
    chosen = graph.node("Where", graph.node("Equal", sizes, graph.integers(-1, -1, -1)), same, sizes)
    token = graph.node("Expand", graph.weight(1, 1, 64), chosen)
    assert _shapes(graph.model(graph.node("Concat", token, source, axis=1)), sizes) == [(3,)]


def test_several_steps_one_behind_the_other() -> None:
    graph = GraphSketch()
    tensor = graph.conv(graph.input(1, 8, 10, 10), 8, 8)
    for _ in range(5):
        flat = graph.node("Reshape", tensor, graph.integers(1, -1))
        tensor = graph.conv(graph.node("Reshape", flat, graph.node("Shape", tensor)), 8, 8)
    assert _shapes(graph.model(tensor), tensor) == [(1, 8, 10, 10)]
