"""reduce, concat, slice, split, softmax, reshape, transpose, tile, resize, dense, normalization."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from onnx import helper

from tasnet2hef.target.graph.layers import HailoNet

NetOf = Callable[..., HailoNet]

MAP = [1, 4, 6, 5]


@pytest.mark.parametrize(
    ("axes", "types"),
    [
        ([1], ["reduce_mean"]),
        ([2], ["avgpool"]),
        ([2, 3], ["avgpool"]),
        ([-1], ["avgpool"]),
        ([1, 2, 3], ["avgpool", "reduce_mean"]),
    ],
)
def test_means(net_of: NetOf, axes: list[int], types: list[str]) -> None:
    nodes = [helper.make_node("ReduceMean", ["x"], ["y"], "mean", axes=axes)]
    net = net_of(nodes, {"x": MAP}, ["y"])
    assert [layer.type for layer in net][1:-1] == types


def test_mean_without_keepdims_keeps_its_place(net_of: NetOf) -> None:
    nodes = [helper.make_node("ReduceMean", ["x"], ["y"], "mean", axes=[1], keepdims=0)]
    net = net_of(nodes, {"x": MAP}, ["y"])
    assert net["reduce_mean1"].shape == (-1, 6, 5, 1)
    assert net["reduce_mean1"].onnx_shape == (1, 6, 5)


@pytest.mark.parametrize(
    ("operator", "options", "reason"),
    [
        ("ReduceMax", {"axes": [2]}, "over features only"),
        ("ReduceMax", {"axes": [1], "keepdims": 0}, "without keepdims"),
        ("ReduceMean", {"axes": [0]}, None),
        ("Softmax", {"axis": 2}, "over features only"),
        ("Concat", {"axis": 0}, "over axis N"),
        ("LayerNormalization", {"axis": 2}, None),
    ],
)
def test_refused_axes(net_of: NetOf, operator: str, options: dict[str, object], reason: str | None) -> None:
    inputs = {"Concat": ["x", "x"], "LayerNormalization": ["x", "s"]}.get(operator, ["x"])
    nodes = [helper.make_node(operator, inputs, ["y"], "op", **options)]
    net = net_of(nodes, {"x": [2, *MAP[1:]]}, ["y"], {"s": np.ones((6, 5), np.float32)})
    assert len(net.unsupported) == 1
    assert reason is None or reason in net.unsupported[0].reason


@pytest.mark.parametrize(
    ("axis", "word", "shape"),
    [(1, "features", (-1, 6, 5, 8)), (2, "spatial_h", (-1, 12, 5, 4)), (-1, "spatial_w", (-1, 6, 10, 4))],
)
def test_concat(net_of: NetOf, axis: int, word: str, shape: tuple[int, ...]) -> None:
    nodes = [helper.make_node("Concat", ["x", "z"], ["y"], "cat", axis=axis)]
    net = net_of(nodes, {"x": MAP, "z": MAP}, ["y"])
    assert (net["concat1"].params["concat_axis"], net["concat1"].shape) == (word, shape)


def test_concat_of_one_source_goes_through_a_shortcut(net_of: NetOf) -> None:
    net = net_of([helper.make_node("Concat", ["x", "x"], ["y"], "cat", axis=1)], {"x": MAP}, ["y"])
    assert net["concat1"].inputs == ("input_layer1", "shortcut1")
    assert net["shortcut1"].original_names == ()


def test_slice(net_of: NetOf) -> None:
    nodes = [helper.make_node("Slice", ["x", "a", "b", "c"], ["y"], "slice")]
    constants = {"a": np.array([1]), "b": np.array([-1]), "c": np.array([2])}
    net = net_of(nodes, {"x": MAP}, ["y"], constants)
    assert net["slice1"].shape == (-1, 4, 5, 4)
    assert net["slice1"].params["height_slice"] == (1, 5, 1)


def test_negative_step_is_refused(net_of: NetOf) -> None:
    nodes = [helper.make_node("Slice", ["x", "a", "b", "c", "d"], ["y"], "slice")]
    constants = {"a": np.array([5]), "b": np.array([-9]), "c": np.array([2]), "d": np.array([-1])}
    assert "step -1" in net_of(nodes, {"x": MAP}, ["y"], constants).unsupported[0].reason


def test_gather_of_one_feature_is_a_slice(net_of: NetOf) -> None:
    nodes = [helper.make_node("Gather", ["x", "i"], ["y"], "pick", axis=1)]
    net = net_of(nodes, {"x": MAP}, ["y"], {"i": np.array(2)})
    assert net["slice1"].params["features_slice"] == (2, 3, 1)


def test_split_keeps_a_shape_per_output(net_of: NetOf) -> None:
    nodes = [helper.make_node("Split", ["x", "n"], ["a", "b"], "split", axis=1)]
    net = net_of(nodes, {"x": MAP}, ["a", "b"], {"n": np.array([1, 3])})
    assert net["feature_splitter1"].output_shapes == ((-1, 6, 5, 1), (-1, 6, 5, 3))


def test_unit_axes_come_and_go_for_free(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("Unsqueeze", ["x", "one"], ["a"], "wider"),
        helper.make_node("Relu", ["a"], ["b"], "act"),
        helper.make_node("Squeeze", ["b", "one"], ["y"], "narrower"),
    ]
    net = net_of(nodes, {"x": [1, 4, 30]}, ["y"], {"one": np.array([2])})
    assert net["activation1"].original_names == ("act", "narrower")
    assert [layer.type for layer in net] == ["input_layer", "activation", "output_layer"]


def test_reshape_that_splits_features_is_refused(net_of: NetOf) -> None:
    nodes = [helper.make_node("Reshape", ["x", "s"], ["y"], "masks")]
    net = net_of(nodes, {"x": [1, 8, 1, 30]}, ["y"], {"s": np.array([1, 2, 4, 1, 30])})
    assert net.unsupported[0].reason == "Reshape [1, 8, 1, 30] -> [1, 2, 4, 1, 30] shuffles data between axes"
    assert net.unsupported[0].shape == (-1, 2, 1, 30, 4)


def test_transpose_only_renames_axes(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], "to_last", perm=[0, 2, 3, 1]),
        helper.make_node("MatMul", ["t", "w"], ["y"], "dense"),
    ]
    net = net_of(nodes, {"x": MAP}, ["y"], {"w": np.ones((4, 7), np.float32)})
    assert (net["conv1"].inputs, net["conv1"].shape) == (("input_layer1",), (-1, 6, 5, 7))


def test_data_that_must_move_is_a_format_conversion(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("Transpose", ["x"], ["t"], "swap", perm=[0, 3, 2, 1]),
        helper.make_node("Conv", ["t", "w"], ["y"], "conv"),
    ]
    net = net_of(nodes, {"x": MAP}, ["y"], {"w": np.ones((2, 5, 1, 1), np.float32)})
    assert net["format_conversion1"].shape == (-1, 6, 4, 5)


def test_flatten_before_a_dense_layer(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("Flatten", ["x"], ["f"], "flat"),
        helper.make_node("Gemm", ["f", "w", "b"], ["y"], "dense", transB=1),
    ]
    constants = {"w": np.ones((10, 120), np.float32), "b": np.ones(10, np.float32)}
    net = net_of(nodes, {"x": MAP}, ["y"], constants)
    assert (net["fc1"].params["kernel_shape"], net["fc1"].weights) == ((120, 10), 1210)
    assert net["fc1"].kernel == (1, 1)


def test_expand_is_refused_except_in_front_of_arithmetic(net_of: NetOf) -> None:
    expand = helper.make_node("Expand", ["v", "s"], ["e"], "expand")
    constants, inputs = {"s": np.array(MAP)}, {"x": MAP, "v": [1, 1, 6, 5]}
    alone = net_of([expand, helper.make_node("Relu", ["e"], ["y"], "act")], inputs, ["y"], constants)
    assert alone.unsupported[0].op_types == ("Expand",)
    product = net_of([expand, helper.make_node("Mul", ["x", "e"], ["y"], "mul")], inputs, ["y"], constants)
    assert product["ew_mult1"].params["input_repeats"] == ((1, 1, 1), (1, 1, 4))


def test_tile_and_resize(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("Tile", ["x", "n"], ["t"], "tile"),
        helper.make_node("Resize", ["t", "", "s"], ["y"], "resize", mode="linear"),
    ]
    constants = {"n": np.array([1, 1, 2, 1]), "s": np.array([1, 1, 1, 2], np.float32)}
    net = net_of(nodes, {"x": MAP}, ["y"], constants)
    assert (net["resize1"].shape, net["resize2"].shape) == ((-1, 12, 5, 4), (-1, 12, 10, 4))
    assert net["resize2"].params["method"] == "bilinear"


def test_norm_layers(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("InstanceNormalization", ["x", "s", "s"], ["i"], "inorm"),
        helper.make_node("Transpose", ["i"], ["t"], "last", perm=[0, 2, 3, 1]),
        helper.make_node("LayerNormalization", ["t", "s"], ["y"], "lnorm"),
    ]
    net = net_of(nodes, {"x": MAP}, ["y"], {"s": np.ones(4, np.float32)})
    assert net["layer_normalization1"].shape == (-1, 6, 5, 4)
    assert "instance_normalization1" in net


def test_depth_to_space(net_of: NetOf) -> None:
    net = net_of([helper.make_node("DepthToSpace", ["x"], ["y"], "up", blocksize=2)], {"x": MAP}, ["y"])
    assert net["depth_to_space1"].shape == (-1, 12, 10, 1)
