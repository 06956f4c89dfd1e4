"""conv, conv_transpose, batch_normalization, pool, pad: windows and what folds into them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from onnx import helper

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.layers import HailoNet

NetOf = Callable[..., HailoNet]


def weights(*shape: int) -> dict[str, np.ndarray]:
    return {"w": np.ones(shape, np.float32)}


@pytest.mark.parametrize(
    ("stride", "pads", "word", "rows"),
    [
        (1, [0, 0, 0, 0], "VALID", 30),
        (1, [1, 1, 1, 1], "SAME_TENSORFLOW", 32),
        (2, [0, 0, 1, 1], "SAME_TENSORFLOW", 16),
        (2, [1, 1, 1, 1], "SAME", 16),
    ],
)
def test_padding_words(net_of: NetOf, stride: int, pads: list[int], word: str, rows: int) -> None:
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], "conv", strides=[stride] * 2, pads=pads)]
    net = net_of(nodes, {"x": [1, 3, 32, 32]}, ["y"], weights(4, 3, 3, 3))
    assert net["conv1"].padding == word
    assert net["conv1"].shape == (-1, rows, rows, 4)
    assert net["conv1"].params["kernel_shape"] == (3, 3, 3, 4)


def test_causal_padding_is_a_layer_of_its_own(net_of: NetOf) -> None:
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], "dw", group=4, dilations=[2, 1], pads=[4, 0, 0, 0])]
    net = net_of(nodes, {"x": [1, 4, 20, 1]}, ["y"], weights(4, 1, 3, 1))
    assert net["external_pad1"].shape == (-1, 24, 1, 4)
    assert (net["dw1"].padding, net["dw1"].shape) == ("VALID", (-1, 20, 1, 4))


def test_conv1d_is_mirrored_with_its_rank_on_record(net_of: NetOf) -> None:
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], "conv", strides=[8])]
    net = net_of(nodes, {"x": [1, 1, 800]}, ["y"], weights(64, 1, 16))
    assert net["conv1"].kernel == (1, 16)
    assert net["conv1"].shape == (-1, 1, 99, 64)
    assert net["conv1"].onnx[0].input_shapes == ((1, 1, 800), (64, 1, 16))


def test_conv3d_is_unsupported(net_of: NetOf) -> None:
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], "conv")]
    net = net_of(nodes, {"x": [1, 2, 4, 4, 4]}, ["y"], weights(3, 2, 1, 1, 1))
    assert "three axes" in net.unsupported[0].reason


def test_grouped_convolution_keeps_its_groups(net_of: NetOf) -> None:
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], "conv", group=2)]
    net = net_of(nodes, {"x": [1, 4, 6, 6]}, ["y"], weights(8, 2, 1, 1))
    assert (net["conv1"].groups, net["conv1"].weights) == (2, 4 * 8 // 2 + 8)


def test_window_larger_than_its_input_is_one_line(net_of: NetOf) -> None:
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], "conv")]
    with pytest.raises(GraphError):
        net_of(nodes, {"x": [1, 3, 2, 2]}, ["y"], weights(4, 3, 3, 3))


def test_transposed_convolution_drops_what_overlaps_the_end(net_of: NetOf) -> None:
    nodes = [helper.make_node("ConvTranspose", ["x", "w"], ["y"], "up", strides=[1, 8], group=2)]
    net = net_of(nodes, {"x": [1, 8, 1, 50]}, ["y"], weights(8, 1, 1, 16))
    layer = net["deconv1"]
    assert (layer.shape, layer.onnx_shape) == ((-1, 1, 400, 2), (1, 2, 1, 408))
    assert (layer.padding, layer.groups, layer.params["kernel_shape"]) == ("DECONV", 2, (1, 16, 8, 2))


def bn_net(net_of: NetOf, between: list[str]) -> HailoNet:
    """Return conv, then the given operators, then a batch norm."""
    nodes, tensor = [helper.make_node("Conv", ["x", "w"], ["c"], "conv")], "c"
    for operator in between:
        nodes.append(helper.make_node(operator, [tensor], [operator], operator))
        tensor = operator
    nodes.append(helper.make_node("BatchNormalization", [tensor, "s", "b", "m", "v"], ["y"], "bn"))
    constants = weights(4, 3, 1, 1) | {name: np.ones(4, np.float32) for name in "sbmv"}
    return net_of(nodes, {"x": [1, 3, 6, 6]}, ["y"], constants)


def test_batch_norm_folds_into_a_convolution(net_of: NetOf) -> None:
    net = bn_net(net_of, [])
    assert net["conv1"].original_names == ("conv", "bn")
    assert net["conv1"].params["batch_norm"] is True


def test_batch_norm_behind_an_activation_stands_alone(net_of: NetOf) -> None:
    assert bn_net(net_of, ["Relu"])["batch_norm1"].inputs == ("conv1",)


def test_pools(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("AveragePool", ["x"], ["a"], "avg", kernel_shape=[4, 1], strides=[4, 1]),
        helper.make_node("MaxPool", ["a"], ["b"], "max", kernel_shape=[2, 2], strides=[2, 2]),
        helper.make_node("GlobalAveragePool", ["b"], ["y"], "gap"),
    ]
    net = net_of(nodes, {"x": [1, 5, 32, 6]}, ["y"])
    assert net["avgpool1"].params["kernel_shape"] == (1, 4, 1, 1)
    assert net["maxpool1"].shape == (-1, 4, 3, 5)
    assert net["avgpool2"].params["kernel_shape"] == (1, 4, 3, 1)
    assert net["avgpool2"].kernel == (4, 3)


def test_pad(net_of: NetOf) -> None:
    nodes = [helper.make_node("Pad", ["x", "p"], ["y"], "pad")]
    net = net_of(nodes, {"x": [1, 5, 8, 1]}, ["y"], {"p": np.array([0, 0, 3, 0, 0, 0, 0, 0])})
    assert net["external_pad1"].shape == (-1, 11, 1, 5)


@pytest.mark.parametrize(("mode", "pads"), [("edge", [0, 0, 3, 0]), ("constant", [0, 2, 0, 0])])
def test_other_pads_are_refused(net_of: NetOf, mode: str, pads: list[int]) -> None:
    nodes = [helper.make_node("Pad", ["x", "p"], ["y"], "pad", mode=mode)]
    net = net_of(nodes, {"x": [1, 5, 8, 1]}, ["y"], {"p": np.array([*pads, 0, 0, 0, 0])})
    assert net.unsupported[0].reason.startswith("Pad")


def test_a_product_behind_a_reshape_is_refused_not_called_damaged(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("Reshape", ["x", "rows"], ["flat"], "view"),
        helper.make_node("MatMul", ["flat", "w"], ["y"], "dense"),
    ]
    constants = {"rows": np.array([100, 64], np.int64), "w": np.ones((64, 32), np.float32)}
    net = net_of(nodes, {"x": [1, 100, 64]}, ["y"], constants)
    (refused,) = net.unsupported
    assert "MatMul over the last axis of [100, 64]" in refused.reason
