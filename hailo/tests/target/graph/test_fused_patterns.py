"""Layer norms and GELUs written out in several nodes: one layer each, and only where they are one."""

from __future__ import annotations

import pytest

from tasnet2hef.target.graph.layers import HailoNet
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules import GraphSketch


def _layer_norm(axis: int, *, square: str = "Pow", affine: bool = True) -> HailoNet:
    graph = GraphSketch()
    source = graph.input(1, 50, 64)
    centred = graph.node("Sub", source, graph.node("ReduceMean", source, axes=[axis]))
    squared = (
        graph.node("Pow", centred, graph.scalar(2.0)) if square == "Pow" else graph.node("Mul", centred, centred)
    )
    variance = graph.node("Add", graph.node("ReduceMean", squared, axes=[axis]), graph.scalar(1e-5))
    end = graph.node("Div", centred, graph.node("Sqrt", variance))
    if affine:
        end = graph.node("Add", graph.node("Mul", end, graph.weight(64)), graph.weight(64))
    return OpenedGraph(graph.model(graph.node("MatMul", end, graph.weight(64, 64)))).net


@pytest.mark.parametrize("square", ["Pow", "Mul"])
@pytest.mark.parametrize("affine", [True, False])
def test_a_layer_norm_in_parts_is_one_layer(square: str, affine: bool) -> None:
    net = _layer_norm(-1, square=square, affine=affine)
    assert [layer.type for layer in net] == ["input_layer", "layer_normalization", "conv", "output_layer"]
    assert len(net["layer_normalization1"].onnx) == (9 if affine else 7)


def test_a_norm_over_another_axis_is_none() -> None:
    assert "layer_normalization1" not in _layer_norm(1)


def _gelu(*, half_first: bool = False, read_elsewhere: bool = False, scale: float | None = 0.5) -> HailoNet:
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 8, 10, 10), 8, 8)
    erf = graph.node("Erf", graph.node("Div", source, graph.scalar(1.4142)))
    gate = graph.node("Add", erf, graph.scalar(1.0))
    factors = [source, graph.scalar(scale)] if scale is not None else [source, source]
    for factor in factors[::-1] if half_first else factors:
        gate = graph.node("Mul", gate, factor)
    ends = [graph.conv(gate, 8, 8), *([graph.conv(source, 8, 8)] if read_elsewhere else [])]
    return OpenedGraph(graph.model(*ends)).net


@pytest.mark.parametrize("half_first", [True, False])
def test_a_gelu_in_parts_is_the_activation_of_its_layer(half_first: bool) -> None:
    net = _gelu(half_first=half_first)
    assert [layer.type for layer in net] == ["input_layer", "conv", "conv", "output_layer"]
    assert net["conv1"].activation == "gelu"


def test_a_gelu_of_what_others_read_is_a_layer_of_its_own() -> None:
    net = _gelu(read_elsewhere=True)
    assert net["activation1"].activation == "gelu"
    assert net["conv1"].activation == "linear"


def test_another_product_of_erf_is_none() -> None:
    assert _gelu(scale=None).unsupported
