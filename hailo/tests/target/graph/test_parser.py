from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from onnx import helper

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.agreement import compare
from tasnet2hef.target.graph.layers import HailoNet
from tasnet2hef.target.graph.opened import OpenedGraph

NetOf = Callable[..., HailoNet]


def test_agrees_with_a_real_parse_on_every_layer(evidence: Path) -> None:
    recorded = json.loads((evidence / "seed_wide_dfc3.33_parsed.json").read_text())
    net = OpenedGraph.read(evidence / "seed_wide_export.onnx").net
    agreement = compare(net, recorded["hn_model"])
    assert agreement.differences == ()
    assert agreement.order_agrees
    assert (agreement.layers.agreeing, agreement.layers.total) == (1179, 1179)
    details = recorded["stats"]["model_details"]
    assert (net.weights, net.ops) == (details["weights"], details["total_ops_per_frame"])
    assert (net.weights, net.ops) == (4_943_362, 20_802_188_002)
    assert net.notes == ("weights in convtas_hailo_ready.onnx.data are absent: shapes are known, values are not",)


def test_names_do_not_depend_on_the_names_of_tensors(evidence: Path, tmp_path: Path) -> None:
    import onnx

    model = onnx.load(evidence / "seed_wide_export.onnx", load_external_data=False)
    produced = {tensor: f"t{i}" for i, node in enumerate(model.graph.node) for tensor in node.output}
    produced.pop("output")
    del model.graph.value_info[:]
    for node in model.graph.node:
        node.input[:] = [produced.get(name, name) for name in node.input]
        node.output[:] = [produced.get(name, name) for name in node.output]
    path = tmp_path / "renamed.onnx"
    path.write_bytes(model.SerializeToString())
    recorded = json.loads((evidence / "seed_wide_dfc3.33_parsed.json").read_text())
    assert compare(OpenedGraph.read(path).net, recorded).complete


def test_tall_block_by_hand(tall_block: Path) -> None:
    net = OpenedGraph.read(tall_block).net
    assert [layer.name for layer in net] == [
        "input_layer1",
        "conv1",
        "dw1",
        "conv2",
        "conv3",
        "ew_add1",
        "input_layer2",
        "ew_add2",
        "output_layer1",
        "output_layer2",
    ]
    depthwise = net["dw1"]
    assert depthwise.kernel == (3, 1)
    assert depthwise.dilations == (4, 1)
    assert depthwise.padding == "SAME_TENSORFLOW"
    assert depthwise.shape == (-1, 40, 1, 16)
    assert depthwise.weights == 3 * 16 + 16
    assert depthwise.ops == 2 * 40 * 16 * 3
    assert net["conv1"].activation == "leaky"
    assert net["conv1"].params["leaky_alpha"] == 0.25
    assert net["conv1"].original_names == ("in", "act")
    assert net["ew_add1"].inputs == ("input_layer1", "conv2")
    assert net["conv3"].macs == (16 * 8 + 8) * 40


def test_unsupported_operator_is_mirrored_and_parsing_goes_on(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("Abs", ["x"], ["a"], "magnitude"),
        helper.make_node("Relu", ["a"], ["y"], "act"),
    ]
    net = net_of(nodes, {"x": [1, 4, 6, 5]}, ["y"])
    (refused,) = net.unsupported
    assert refused.reason == "the compiler has no layer for Abs"
    assert refused.op_types == ("Abs",)
    assert refused.onnx[0].input_shapes == ((1, 4, 6, 5),)
    assert refused.shape == (-1, 6, 5, 4)
    assert net["activation1"].inputs == (refused.name,)


def test_unknown_operator_leaves_shapes_open_behind_it(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("Frobnicate", ["x"], ["a"], "odd"),
        helper.make_node("Relu", ["a"], ["y"], "act"),
    ]
    net = net_of(nodes, {"x": [1, 4, 6, 5]}, ["y"])
    reasons = [layer.reason for layer in net.unsupported]
    assert reasons[0] == "the compiler has no layer for Frobnicate"
    assert "shape is not known" in reasons[1]


def test_dead_nodes_and_constant_chains_leave_no_layer(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("Shape", ["x"], ["size"], "size"),
        helper.make_node("Gather", ["size", "zero"], ["batch"], "batch", axis=0),
        helper.make_node("Concat", ["batch", "rest"], ["shape"], "shape", axis=0),
        helper.make_node("Reshape", ["x", "shape"], ["y"], "reshape"),
        helper.make_node("Abs", ["x"], ["unused"], "dead"),
    ]
    constants = {"zero": np.array([0]), "rest": np.array([4, 1, 30])}
    net = net_of(nodes, {"x": [1, 4, 30]}, ["y"], constants)
    assert [layer.type for layer in net] == ["input_layer", "output_layer"]


def test_five_axes_are_represented(net_of: NetOf) -> None:
    nodes = [helper.make_node("Mul", ["x", "m"], ["y"], "masks")]
    net = net_of(nodes, {"x": [1, 2, 8, 1, 30], "m": [1, 1, 8, 1, 30]}, ["y"])
    assert net["ew_mult1"].shape == (-1, 2, 1, 30, 8)
    assert net["ew_mult1"].onnx_shape == (1, 2, 8, 1, 30)


def test_second_output_without_a_layer_is_refused(net_of: NetOf) -> None:
    nodes = [
        helper.make_node("MaxPool", ["x"], ["y", "where"], "pool", kernel_shape=[2, 2]),
        helper.make_node("Cast", ["where"], ["z"], "cast", to=1),
    ]
    net = net_of(nodes, {"x": [1, 4, 6, 6]}, ["y", "z"])
    assert net.unsupported[0].reason == "its output where has no layer"


def test_contradicting_weights_are_one_line(net_of: NetOf) -> None:
    nodes = [helper.make_node("Conv", ["x", "w"], ["y"], "conv")]
    with pytest.raises(GraphError, match=r"node conv \(Conv\): weights \[4, 3, 1, 1\] with 1 groups.* 5 features"):
        net_of(nodes, {"x": [1, 5, 6, 6]}, ["y"], {"w": np.zeros((4, 3, 1, 1), np.float32)})


def test_constant_output_is_refused(net_of: NetOf) -> None:
    nodes = [helper.make_node("Relu", ["c"], ["y"], "act")]
    with pytest.raises(GraphError, match="does not depend on any input"):
        net_of(nodes, {"x": [1, 4, 6, 6]}, ["y"], {"c": np.zeros((1, 4), np.float32)})


def test_to_json_has_exactly_the_agreed_fields(tall_block: Path) -> None:
    report = OpenedGraph.read(tall_block).net.to_json()
    assert set(report) == {"layers", "weights", "ops"}
    fields = {"name", "type", "inputs", "input_shapes", "output_shapes", "params", "original_names"}
    assert all(set(layer) == fields for layer in report["layers"])
    assert json.loads(json.dumps(report)) == report
    assert report["weights"] == (16 * 8 + 16) + (3 * 16 + 16) + 2 * (16 * 8 + 8)
