"""add, sub, mul, div, pow, sqrt, max_min and the activations."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from onnx import helper

from tasnet2hef.target.graph.layers import HailoNet

NetOf = Callable[..., HailoNet]

MAP = [1, 4, 6, 5]


def unary(net_of: NetOf, operator: str, **attributes: object):
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "conv"),
        helper.make_node(operator, ["c"], ["y"], "act", **attributes),
    ]
    return net_of(nodes, {"x": MAP}, ["y"], {"w": np.ones((4, 4, 1, 1), np.float32)})


@pytest.mark.parametrize(
    ("operator", "word"),
    [("Relu", "relu"), ("Sigmoid", "sigmoid"), ("Tanh", "tanh"), ("Exp", "exp"), ("Softplus", "softplus")],
)
def test_activation_fuses_into_a_convolution(net_of: NetOf, operator: str, word: str) -> None:
    net = unary(net_of, operator)
    assert net["conv1"].activation == word
    assert net["conv1"].original_names == ("conv", "act")


def test_activation_of_a_shared_tensor_stands_alone(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "conv"),
        helper.make_node("Relu", ["c"], ["r"], "act"),
        helper.make_node("Add", ["c", "r"], ["y"], "add"),
    ]
    net = net_of(nodes, {"x": MAP}, ["y"], {"w": np.ones((4, 4, 1, 1), np.float32)})
    assert net["conv1"].activation == "linear"
    assert net["activation1"].activation == "relu"


@pytest.mark.parametrize(("ends", "word"), [((0, 6), "relu6"), ((0, None), "relu"), ((-1, 1), "clip")])
def test_clip(net_of: NetOf, ends: tuple[float, float | None], word: str) -> None:
    constants = {name: np.array(end, np.float32) for name, end in zip("lh", ends, strict=True) if end is not None}
    inputs = ["x", *constants]
    net = net_of([helper.make_node("Clip", inputs, ["y"], "clip")], {"x": MAP}, ["y"], constants)
    assert net["activation1"].activation == word


def test_prelu_slope_of_one_axis_widens_the_layer(net_of: NetOf) -> None:
    nodes = [helper.make_node("PRelu", ["x", "s"], ["y"], "prelu")]
    wrong = net_of(nodes, {"x": [1, 4, 6, 4]}, ["y"], {"s": np.ones(4, np.float32)})
    assert wrong["activation1"].shape == (-1, 6, 4, 16)
    right = net_of(nodes, {"x": [1, 4, 6, 4]}, ["y"], {"s": np.ones((4, 1, 1), np.float32)})
    assert right["activation1"].shape == (-1, 6, 4, 4)
    assert right["activation1"].onnx[0].input_shapes[1] == (4, 1, 1)


def test_scale_and_shift_are_one_layer(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("Mul", ["x", "g"], ["m"], "mul"),
        helper.make_node("Add", ["m", "b"], ["y"], "add"),
    ]
    per_feature = np.full((1, 4, 1, 1), 2, np.float32)
    net = net_of(nodes, {"x": MAP}, ["y"], {"g": per_feature, "b": per_feature})
    assert net["normalization1"].original_names == ("mul", "add")


@pytest.mark.parametrize(("operator", "neutral"), [("Mul", 1), ("Add", 0), ("Sub", 0), ("Div", 1)])
def test_neutral_constants_leave_nothing(net_of: NetOf, operator: str, neutral: int) -> None:
    nodes = [helper.make_node(operator, ["x", "c"], ["y"], "op")]
    net = net_of(nodes, {"x": MAP}, ["y"], {"c": np.array(neutral, np.float32)})
    assert [layer.type for layer in net] == ["input_layer", "output_layer"]


@pytest.mark.parametrize("operator", ["Mul", "Add", "Sub", "Div"])
def test_scalar_constants_are_affine(net_of: NetOf, operator: str) -> None:
    nodes = [helper.make_node(operator, ["x", "c"], ["y"], "op")]
    net = net_of(nodes, {"x": MAP}, ["y"], {"c": np.array(3, np.float32)})
    assert net["mul_and_add1"].type == "normalization"


def test_constant_after_a_convolution_is_its_bias(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "conv"),
        helper.make_node("Add", ["c", "b"], ["y"], "bias"),
    ]
    constants = {"w": np.ones((4, 4, 1, 1), np.float32), "b": np.ones((1, 4, 1, 1), np.float32)}
    assert net_of(nodes, {"x": MAP}, ["y"], constants)["conv1"].original_names == ("conv", "bias")


def test_constant_of_full_size_is_an_input(net_of: NetOf) -> None:
    nodes = [helper.make_node("Add", ["x", "c"], ["y"], "position")]
    net = net_of(nodes, {"x": MAP}, ["y"], {"c": np.ones(MAP, np.float32)})
    assert net["ew_add1"].inputs == ("input_layer1", "const_input1")
    assert net["const_input1"].original_names == ("position_input",)


def test_broadcast_is_a_resize_and_repeats(net_of: NetOf) -> None:
    net = net_of([helper.make_node("Sub", ["x", "m"], ["y"], "sub")], {"x": MAP, "m": [1, 1, 1, 1]}, ["y"])
    assert net["resize1"].shape == (-1, 6, 5, 1)
    assert net["resize1"].params["resize_h_ratio_list"] == (6.0,)
    assert net["ew_sub1"].params["input_repeats"] == ((1, 1, 1), (1, 1, 4))


def test_squares(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("Pow", ["x", "two"], ["p"], "pow"),
        helper.make_node("Mul", ["p", "p"], ["y"], "mul"),
    ]
    net = net_of(nodes, {"x": MAP}, ["y"], {"two": np.array(2, np.float32)})
    assert [net[name].type for name in ("square1", "square2")] == ["feature_multiplier"] * 2


def test_division_by_a_root_and_by_a_reduced_tensor(net_of: NetOf) -> None:
    inputs = {"x": MAP, "v": [1, 1, 6, 5]}
    root = net_of(
        [helper.make_node("Sqrt", ["v"], ["r"], "sqrt"), helper.make_node("Div", ["x", "r"], ["y"], "div")],
        inputs,
        ["y"],
    )
    assert root["activation1"].original_names == ("sqrt", "div")
    assert root["activation1"].activation == "inv_sqrt"
    assert root["ew_mult1"].inputs == ("input_layer1", "activation1")
    plain = net_of([helper.make_node("Div", ["x", "v"], ["y"], "div")], inputs, ["y"])
    assert plain["activation1"].activation == "inv_pos"
    same = net_of([helper.make_node("Div", ["x", "z"], ["y"], "div")], {"x": MAP, "z": MAP}, ["y"])
    assert same["ew_div1"].inputs == ("input_layer1", "input_layer2")


def test_silu_is_one_activation(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("Conv", ["x", "w"], ["c"], "conv"),
        helper.make_node("Sigmoid", ["c"], ["s"], "sigmoid"),
        helper.make_node("Mul", ["c", "s"], ["y"], "mul"),
    ]
    net = net_of(nodes, {"x": MAP}, ["y"], {"w": np.ones((4, 4, 1, 1), np.float32)})
    assert net["conv1"].original_names == ("conv", "sigmoid", "mul")
    assert net["conv1"].activation == "silu"
    assert len(net) == 3


def test_gate_of_another_tensor_is_a_product(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("Sigmoid", ["x"], ["s"], "sigmoid"),
        helper.make_node("Mul", ["z", "s"], ["y"], "mul"),
    ]
    net = net_of(nodes, {"x": MAP, "z": MAP}, ["y"])
    assert net["ew_mult1"].inputs == ("input_layer2", "activation1")


def test_min_is_a_maximum_between_negations(net_of: NetOf) -> None:
    nodes = [helper.make_node("Min", ["x", "zero"], ["y"], "min")]
    net = net_of(nodes, {"x": MAP}, ["y"], {"zero": np.zeros((), np.float32)})
    types = [layer.type for layer in net]
    assert types == [
        "const_input",
        "input_layer",
        "concat",
        "normalization",
        "reduce_max",
        "normalization",
        "output_layer",
    ]
    assert net["const_input1"].shape == (-1, 6, 5, 4)
    assert net["const_input1"].params["input_tiles"] == ((6, 5, 4),)
    assert net["concat1"].shape == (-1, 6, 5, 8)
    assert net["reduce_max1"].groups == 4
