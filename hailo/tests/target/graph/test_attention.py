"""Transformers as the compiler's parser is recorded to read them: heads stay among the features."""

from __future__ import annotations

import onnx
import pytest

from tasnet2hef.target.check import check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules import GraphSketch

TOKENS, WIDTH, HEADS = 50, 64, 4
SIZE = WIDTH // HEADS


def _linear(graph: GraphSketch, source: str, features: int, filters: int) -> str:
    return graph.node("Add", graph.node("MatMul", source, graph.weight(features, filters)), graph.weight(filters))


def _mixed(graph: GraphSketch, queries: str, keys: str, values: str) -> str:
    scaled = graph.node("Mul", graph.node("MatMul", queries, keys), graph.scalar(0.25))
    return graph.node("MatMul", graph.node("Softmax", scaled, axis=-1), values)


def _merged(graph: GraphSketch, heads: str) -> str:
    return graph.node(
        "Reshape", graph.node("Transpose", heads, perm=[0, 2, 1, 3]), graph.integers(1, TOKENS, WIDTH)
    )


def _separate(graph: GraphSketch, source: str) -> str:
    """Draw queries, keys and values as three dense layers, as in text encoders."""
    orders = ([0, 2, 1, 3], [0, 2, 3, 1], [0, 2, 1, 3])
    parts = []
    for order in orders:
        split = graph.node("Reshape", _linear(graph, source, WIDTH, WIDTH), graph.integers(1, TOKENS, HEADS, SIZE))
        parts.append(graph.node("Transpose", split, perm=order))
    return _merged(graph, _mixed(graph, *parts))


def _packed(graph: GraphSketch, source: str) -> str:
    """Draw queries, keys and values as one dense layer of five axes, as in vision transformers."""
    five = graph.node(
        "Reshape", _linear(graph, source, WIDTH, 3 * WIDTH), graph.integers(1, TOKENS, 3, HEADS, SIZE)
    )
    turned = graph.node("Transpose", five, perm=[2, 0, 3, 1, 4])
    parts = [graph.node("Gather", turned, graph.scalar(number), axis=0) for number in range(3)]
    return _merged(graph, _mixed(graph, parts[0], graph.node("Transpose", parts[1], perm=[0, 1, 3, 2]), parts[2]))


def _block(attention: str) -> onnx.ModelProto:
    graph = GraphSketch(opset=17)
    source = graph.input(1, TOKENS, WIDTH)
    scale = graph.weight(WIDTH)
    normed = graph.node("LayerNormalization", source, scale, scale, axis=-1)
    mixed = {"separate": _separate, "packed": _packed}[attention](graph, normed)
    tokens = graph.node("Add", source, _linear(graph, mixed, WIDTH, WIDTH))
    hidden = _linear(graph, graph.node("LayerNormalization", tokens, scale, scale, axis=-1), WIDTH, 4 * WIDTH)
    erf = graph.node("Erf", graph.node("Div", hidden, graph.scalar(1.4142)))
    half = graph.node("Mul", hidden, graph.node("Add", erf, graph.scalar(1.0)))
    hidden = graph.node("Mul", half, graph.scalar(0.5))
    return graph.model(graph.node("Add", tokens, _linear(graph, hidden, 4 * WIDTH, WIDTH)))


@pytest.mark.parametrize(("attention", "convolutions"), [("separate", 6), ("packed", 4)])
def test_a_block_has_the_layers_of_the_recorded_ones(attention: str, convolutions: int) -> None:
    # MiniLM (12 blocks, separate): 72 convolutions, 24 products, 12 softmax, 25 layer norms are recorded
    report = check_graph(OpenedGraph(_block(attention)))
    assert report.errors == ()
    types = report.resources.cost.layers_by_type
    assert {name: types[name] for name in ("conv", "matmul", "softmax", "layer_normalization")} == {
        "conv": convolutions,
        "matmul": 2,
        "softmax": 1,
        "layer_normalization": 2,
    }
    assert "unsupported" not in types
    assert "format_conversion" not in types


def test_a_product_of_heads_counts_each_head_once() -> None:
    net = OpenedGraph(_block("separate")).net
    scores, mixed = net["matmul1"], net["matmul2"]
    assert scores.shape == (-1, 1, TOKENS, HEADS * TOKENS)
    assert mixed.shape == (-1, 1, TOKENS, WIDTH)
    assert scores.macs == mixed.macs == TOKENS * TOKENS * WIDTH
    assert "gelu" in {layer.activation for layer in net if layer.type == "conv"}


def _rule_of(model: onnx.ModelProto) -> set[str]:
    return {finding.rule for finding in check_graph(OpenedGraph(model)).errors}


def test_patches_with_a_class_token_pass_and_a_dense_head_over_a_map_does_not() -> None:
    for tokens, rules in ((True, set()), (False, {"general-reshape"})):
        graph = GraphSketch()
        patches = graph.conv(graph.input(1, 3, 32, 32), 3, WIDTH, (4, 4), strides=[4, 4])
        rows = graph.node(
            "Transpose", graph.node("Reshape", patches, graph.integers(1, WIDTH, 64)), perm=[0, 2, 1]
        )
        if tokens:
            end = graph.node("Concat", graph.weight(1, 1, WIDTH), rows, axis=1)
        else:
            turned = graph.node("Transpose", _linear(graph, rows, WIDTH, 8), perm=[0, 2, 1])
            end = graph.conv(graph.node("Reshape", turned, graph.integers(1, 8, 8, 8)), 8, 8)
        assert _rule_of(graph.model(end)) == rules


@pytest.mark.parametrize(
    ("order", "rules"), [([0, 2, 1, 3, 4], set()), ([0, 1, 3, 2, 4], {"more-than-four-axes"})]
)
def test_a_channel_shuffle_is_a_layer_and_other_shuffles_are_refused(order: list[int], rules: set[str]) -> None:
    graph = GraphSketch()
    five = graph.node("Reshape", graph.conv(graph.input(1, 8, 6, 6), 8, 8), graph.integers(1, 2, 4, 6, 6))
    turned = graph.node("Transpose", five, perm=order)
    end = graph.conv(graph.node("Reshape", turned, graph.integers(1, 8, 6, 6)), 8, 8)
    model = graph.model(end)
    assert _rule_of(model) == rules
    assert ("feature_shuffle1" in OpenedGraph(model).net) is (not rules)


def test_windows_of_a_map_are_no_error() -> None:
    graph = GraphSketch()
    six = graph.node("Reshape", graph.input(1, 56, 56, 96), graph.integers(1, 8, 7, 8, 7, 96))
    windows = graph.node("Transpose", six, perm=[0, 1, 3, 2, 4, 5])
    end = graph.node("Reshape", windows, graph.integers(64, 49, 96))
    assert _rule_of(graph.model(graph.node("Relu", end))) == set()
