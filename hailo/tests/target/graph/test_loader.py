from __future__ import annotations

import os
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.cost import summarise
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.graph.parser import parse
from tests.target.graph.mutations import damaged, rewired

Save = Callable[..., Path]

RELU = helper.make_node("Relu", ["x"], ["y"], "act")


def refusal(path: Path, **options: object) -> str:
    with pytest.raises(GraphError) as caught:
        _ = OpenedGraph.read(path, **options).loaded
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_shapes_and_small_constants(save: Save) -> None:
    nodes = [helper.make_node("ReduceMean", ["x", "axes"], ["y"], "mean", keepdims=1)]
    graph = OpenedGraph.read(save(nodes, {"x": [1, 4, 6, 5]}, ["y"], {"axes": np.array([2, 3])}, 18)).loaded
    assert graph.opset == 18
    assert graph.shapes["y"] == (1, 4, 1, 1)
    assert graph.nodes[0].input_values == (None, (2, 3))
    assert graph.nodes[0].integer("keepdims", 0) == 1


def test_a_group_norm_operator_keeps_the_shape(save: Save) -> None:
    weights = {"w": np.ones((6, 6, 1, 1), np.float32), "ones": np.ones(6, np.float32)}
    nodes = [
        helper.make_node("GroupNormalization", ["x", "ones", "ones"], ["n"], "norm", num_groups=2),
        helper.make_node("Conv", ["n", "w"], ["y"], "conv"),
    ]
    graph = OpenedGraph.read(save(nodes, {"x": [1, 6, 4, 1]}, ["y"], weights, 21))
    assert graph.loaded.shapes["n"] == (1, 6, 4, 1)
    assert [layer.type for layer in graph.net] == ["input_layer", "group_normalization", "conv", "output_layer"]


def test_missing_file(tmp_path: Path) -> None:
    assert "no such file" in refusal(tmp_path / "nothing.onnx")


def test_folder(tmp_path: Path) -> None:
    assert "is a folder" in refusal(tmp_path)


def test_empty_file(tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").touch()
    assert "is empty" in refusal(tmp_path / "empty.onnx")


def test_random_bytes(tmp_path: Path) -> None:
    path = tmp_path / "random.onnx"
    path.write_bytes(random.Random(1).randbytes(4000))
    assert "not an ONNX model" in refusal(path)


def test_other_file_format(tmp_path: Path) -> None:
    path = tmp_path / "notes.onnx"
    path.write_text("a text file, no model")
    assert "not an ONNX model" in refusal(path)


def test_truncated_file(tall_block: Path) -> None:
    whole = tall_block.read_bytes()
    tall_block.write_bytes(whole[: len(whole) // 2])
    assert "not an ONNX model, or cut short" in refusal(tall_block)


def test_over_two_gigabytes(tmp_path: Path) -> None:
    path = tmp_path / "huge.onnx"
    path.touch()
    os.truncate(path, 2**31 + 5)
    assert f"{2**31 + 5} bytes, expected at most {2**31 - 1}" in refusal(path)


def test_dynamic_axis_asks_for_the_shape(save: Save) -> None:
    path = save([RELU], {"x": [1, 4, "frames", 1]}, ["y"])
    message = refusal(path)
    assert "input x has dynamic axes [1, 4, 'frames', 1]" in message
    assert "give its shape as x=1,4,<frames>,1" in message
    assert OpenedGraph.read(path, {"x": [1, 4, 70, 1]}).loaded.shapes["y"] == (1, 4, 70, 1)


def test_override_of_a_static_shape(save: Save) -> None:
    path = save([RELU], {"x": [1, 4, 6, 1]}, ["y"])
    assert OpenedGraph.read(path, {"x": (1, 4, 9, 1)}).loaded.shapes["y"] == (1, 4, 9, 1)


def test_override_of_an_unknown_input(save: Save) -> None:
    assert "no input 'z'" in refusal(save([RELU], {"x": [1, 4]}, ["y"]), input_shapes={"z": [1]})


def test_override_of_another_rank(save: Save) -> None:
    message = refusal(save([RELU], {"x": [1, 4]}, ["y"]), input_shapes={"x": [1, 4, 1]})
    assert "has 2 axes, the shape given for it [1, 4, 1] has 3" in message


def test_cycle(save: Save) -> None:
    nodes = [
        helper.make_node("Add", ["x", "b"], ["a"], "first"),
        helper.make_node("Relu", ["a"], ["b"], "second"),
    ]
    assert "2 nodes lie on or after a cycle, the first is first" in refusal(save(nodes, {"x": [1, 4]}, ["b"]))


def test_missing_initialiser(save: Save) -> None:
    nodes = [helper.make_node("Conv", ["x", "gone"], ["y"], "conv")]
    message = refusal(save(nodes, {"x": [1, 4, 6, 1]}, ["y"]))
    assert "node conv reads gone" in message
    assert "initialiser is missing" in message


def test_cut_initialiser(save: Save) -> None:
    path = save(
        [helper.make_node("Conv", ["x", "w"], ["y"], "conv")],
        {"x": [1, 4, 6, 1]},
        ["y"],
        {"w": np.zeros((2, 4, 1, 1), np.float32)},
    )
    model = onnx.load(path)
    model.graph.initializer[0].raw_data = b"123"
    path.write_bytes(model.SerializeToString())
    assert "initialiser w: found 3 bytes for [2, 4, 1, 1], expected 32" in refusal(path)


def test_external_data_absent_keeps_the_shapes(save: Save) -> None:
    path = save(
        [helper.make_node("Conv", ["x", "w"], ["y"], "conv")],
        {"x": [1, 4, 6, 1]},
        ["y"],
        {"w": np.ones((2, 4, 1, 1), np.float32)},
    )
    model = onnx.load(path)
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="net.data")
    path.write_bytes(model.SerializeToString())
    graph = OpenedGraph.read(path).loaded
    assert graph.weights_absent
    assert graph.notes == ("weights in net.data are absent: shapes are known, values are not",)
    assert parse(graph)["conv1"].shape == (-1, 6, 1, 2)
    with pytest.raises(GraphError, match=r"its file net\.data is missing"):
        graph.constants.array("w")
    (path.parent / "net.data").write_bytes(np.ones(8, np.float32).tobytes())
    assert OpenedGraph.read(path).loaded.constants.array("w").sum() == 8


@pytest.mark.parametrize("opset", [0, 999])
def test_unknown_opset(save: Save, opset: int) -> None:
    assert f"opset {opset}, expected 1 to" in refusal(save([RELU], {"x": [1, 4]}, ["y"], opset=opset))


def test_custom_domain(save: Save) -> None:
    nodes = [helper.make_node("Fused", ["x"], ["y"], "odd", domain="com.vendor")]
    assert "of the custom domain 'com.vendor'" in refusal(save(nodes, {"x": [1, 4]}, ["y"]))


def test_impossible_shapes(save: Save) -> None:
    nodes = [helper.make_node("Add", ["x", "z"], ["y"], "sum")]
    assert "shapes do not fit together" in refusal(save(nodes, {"x": [1, 4], "z": [1, 3]}, ["y"]))


def test_no_outputs(save: Save) -> None:
    assert "the graph has no outputs" in refusal(save([RELU], {"x": [1, 4]}, []))


def test_name_that_is_not_text(save: Save) -> None:
    path = save([RELU], {"x": [1, 4]}, ["y"])
    path.write_bytes(path.read_bytes().replace(b"Relu", b"Re\xff\xfe"))
    message = refusal(path)
    assert "not UTF-8" in message or "not an ONNX model" in message


def test_weights_are_not_copied(save: Save) -> None:
    path = save(
        [helper.make_node("Conv", ["x", "w"], ["y"], "conv")],
        {"x": [1, 64, 6, 1]},
        ["y"],
        {"w": np.ones((64, 64, 3, 1), np.float32)},
    )
    graph = OpenedGraph.read(path).loaded
    parse(graph)
    assert graph.constants.numbers("w") is None
    assert graph.constants.array("w").shape == (64, 64, 3, 1)


def outcome(path: Path) -> str:
    """Return what became of a file; any other error than GraphError fails the test."""
    try:
        net = OpenedGraph.read(path).net
    except GraphError:
        return "refused"  # GraphError folds its message to one line itself
    assert summarise(net).parsed_layers <= len(net)
    return "parsed"


def test_damaged_files_parse_or_are_refused_in_one_line(tall_block: Path) -> None:
    whole = tall_block.read_bytes()
    model = onnx.load(tall_block)
    dice = random.Random(20)
    outcomes = {"parsed": 0, "refused": 0}
    for turn in range(400):
        tall_block.write_bytes(damaged(whole, dice) if turn % 2 else rewired(model, dice))
        outcomes[outcome(tall_block)] += 1
    assert min(outcomes.values()) > 20, outcomes
