from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
from onnx import helper

from tasnet2hef.target.graph.cost import summarise
from tasnet2hef.target.graph.layers import HailoNet
from tasnet2hef.target.graph.opened import OpenedGraph

NetOf = Callable[..., HailoNet]


def test_tall_block_is_six_layers_parsed_and_four_fused(tall_block: Path) -> None:
    cost = OpenedGraph.read(tall_block).cost
    assert cost.parsed_layers == 6
    assert cost.compiled_layers == cost.lcus == cost.apus == 4
    assert cost.fused_adds == {"ew_add1": "conv2", "ew_add2": "conv3"}
    assert cost.layers_by_type["conv"] == 3
    assert cost.weights == (16 * 8 + 16) + (3 * 16 + 16) + 2 * (16 * 8 + 8)
    assert (cost.widest_row.width, cost.widest_row.features, cost.widest_row.values) == (1, 16, 16)
    (window,) = cost.windows
    assert (window.layer, window.rows, window.values) == ("dw1", 2 * 4 + 1, (2 * 4 + 1) * 16)
    assert cost.held_maps == ()


def test_global_norm_holds_its_map(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["c"], "channels", axes=[1]),
        helper.make_node("AveragePool", ["c"], ["p"], "steps", kernel_shape=[10, 1], strides=[10, 1]),
        helper.make_node("ReduceMean", ["p"], ["m"], "rest", axes=[2]),
        helper.make_node("Sub", ["x", "m"], ["d"], "centre"),
        helper.make_node("Relu", ["d"], ["y"], "act"),
    ]
    cost = summarise(net_of(nodes, {"x": [1, 8, 60, 1]}, ["y"]))
    (maps,) = cost.held_maps
    assert (maps.layer, maps.join, maps.values) == ("input_layer1", "ew_sub1", 8 * 60)
    assert cost.held_values == 480


def test_local_pooling_holds_nothing(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("AveragePool", ["x"], ["p"], "local", kernel_shape=[3, 1], pads=[1, 0, 1, 0]),
        helper.make_node("Sub", ["x", "p"], ["y"], "centre"),
    ]
    assert summarise(net_of(nodes, {"x": [1, 8, 60, 1]}, ["y"])).held_maps == ()


def test_residual_around_a_global_norm_is_held(evidence: Path) -> None:
    cost = OpenedGraph.read(evidence / "seed_wide_export.onnx").cost
    maps = {maps.layer for maps in cost.held_maps}
    # two maps per norm (49), 23 residual states, 23 skip sums, the representation in front of the masks
    assert len(cost.held_maps) == 2 * 49 + 23 + 23 + 1
    assert {"conv1", "ew_sub1", "conv2", "ew_add3", "concat1"} <= maps
    assert cost.compiled_layers == cost.parsed_layers - 46
    assert cost.widest_row.values == 1999 * 1024


def test_add_fuses_only_into_a_convolution_that_nothing_else_reads(net_of: NetOf) -> None:
    weight = {"w": np.ones((4, 4, 1, 1), np.float32)}
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["a"], "conv"),
        helper.make_node("Add", ["x", "a"], ["b"], "add"),
        helper.make_node("Mul", ["a", "b"], ["y"], "mul"),
    ]
    cost = summarise(net_of(nodes, {"x": [1, 4, 6, 6]}, ["y"], weight))
    assert cost.fused_adds == {}
    assert cost.lcus == 3


def test_softmax_is_four_compiled_layers(net_of: NetOf) -> None:
    nodes = [helper.make_node("Softmax", ["x"], ["y"], "softmax", axis=1)]
    cost = summarise(net_of(nodes, {"x": [1, 4, 6, 6]}, ["y"]))
    assert (cost.parsed_layers, cost.lcus) == (1, 4)
