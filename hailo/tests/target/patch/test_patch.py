"""Patches: each one on a graph that needs it and on one that does not; numbers stay."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from tasnet2hef.base.errors import GraphError, InputError, OptionError, ParityError
from tasnet2hef.target.files.formats import read_file
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.known.evidence import GRADES
from tasnet2hef.target.patch import PatchReport, all_patches, patch_file
from tasnet2hef.target.patch import patch as patch_module

EXACT_DB = 120.0


def _model(
    nodes: list[onnx.NodeProto], constants: dict[str, np.ndarray], *, rows: int | str = 6
) -> onnx.ModelProto:
    graph = helper.make_graph(
        nodes,
        "foreign",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, rows, 1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2, rows, 1])],
        [numpy_helper.from_array(value, name) for name, value in constants.items()],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)


def _foreign(rows: int | str = 6) -> onnx.ModelProto:
    """A graph that needs every patch."""
    weight = np.random.default_rng(0).standard_normal((2, 2, 3, 1)).astype(np.float32)
    nodes = [
        helper.make_node("Identity", ["x"], ["i"], name="same"),
        helper.make_node("Conv", ["i", "w"], ["c"], pads=[1, 0, 1, 0], name="same"),
        helper.make_node("PRelu", ["c", "slope"], ["p"]),
        helper.make_node("Constant", [], ["k"], value=numpy_helper.from_array(np.float32([2.0])), name="k"),
        helper.make_node("ConstantOfShape", ["shape"], ["z"], name="zeros"),
        helper.make_node("Mul", ["p", "k"], ["m"], name="mul"),
        helper.make_node("Add", ["m", "z"], ["y"], name="add"),
    ]
    constants = {"w": weight, "slope": np.float32([-0.25]), "shape": np.int64([1, 2, 1, 1])}
    model = _model(nodes, constants, rows=rows)
    model.ir_version = 11
    return model


def _patch(tmp_path: Path, model: onnx.ModelProto) -> tuple[PatchReport, onnx.ModelProto]:
    onnx.save(model, tmp_path / "in.onnx")
    report = patch_file(tmp_path / "in.onnx", tmp_path / "out.onnx")
    return report, onnx.load(tmp_path / "out.onnx")


def test_a_foreign_graph_gets_every_patch_and_keeps_its_numbers(tmp_path: Path) -> None:
    report, patched = _patch(tmp_path, _foreign())
    assert {applied.patch_id for applied in report.applied} == {patch.patch_id for patch in all_patches()}
    assert [node.op_type for node in patched.graph.node] == ["Conv", "LeakyRelu", "Mul", "Add"]
    assert report.parity is not None
    assert report.parity.db >= EXACT_DB
    (kernel,) = [a for a in patched.graph.node[0].attribute if a.name == "kernel_shape"]
    assert list(kernel.ints) == [3, 1]
    assert helper.get_attribute_value(patched.graph.node[1].attribute[0]) == -0.25
    names = [node.name for node in patched.graph.node]
    assert all(names)
    assert len(set(names)) == len(names)


def test_patching_twice_changes_nothing_more(tmp_path: Path) -> None:
    _patch(tmp_path, _foreign())
    again = patch_file(tmp_path / "out.onnx", tmp_path / "out.onnx")
    assert again.applied == ()


def test_per_channel_slopes_stay_prelu(tmp_path: Path) -> None:
    slopes = np.float32([0.1, 0.2]).reshape(2, 1, 1)
    model = _model([helper.make_node("PRelu", ["x", "slope"], ["y"], name="act")], {"slope": slopes})
    report, patched = _patch(tmp_path, model)
    assert report.applied == ()
    assert patched.graph.node[0].op_type == "PRelu"


def test_a_graph_without_fixed_shapes_says_that_it_was_not_run(tmp_path: Path) -> None:
    report, _ = _patch(tmp_path, _foreign(rows="time"))
    assert report.parity is None
    assert "no fixed float shape" in report.unchecked


def test_a_patch_that_breaks_its_promise_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weight = np.random.default_rng(0).standard_normal((2, 2, 3, 1)).astype(np.float32)

    def scale(model: onnx.ModelProto) -> list[str]:
        model.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.ones((2, 2, 3, 1), np.float32), "w"))
        return ["changed a weight"]

    wrong = patch_module.Patch(patch_id="wrong", why="a test", evidence="none", apply=scale)
    monkeypatch.setattr(patch_module, "all_patches", lambda: (wrong,))
    with pytest.raises(ParityError, match="before / after patching"):
        _patch(tmp_path, _model([helper.make_node("Conv", ["x", "w"], ["y"], pads=[1, 0, 1, 0])], {"w": weight}))
    assert [path.name for path in tmp_path.iterdir()] == ["in.onnx"]


@pytest.mark.parametrize(
    "content", [b"", b"\x00\x01garbage" * 9, b"plain text, no graph\n"], ids=["empty", "bytes", "text"]
)
def test_what_is_no_graph_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "in.onnx").write_bytes(content)
    with pytest.raises(GraphError, match=r"in\.onnx"):
        patch_file(tmp_path / "in.onnx", tmp_path / "out.onnx")
    assert not (tmp_path / "out.onnx").exists()


def test_a_missing_file_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="no such file"):
        patch_file(tmp_path / "none.onnx", tmp_path / "out.onnx")
    with pytest.raises(GraphError, match="folder"):
        patch_file(tmp_path, tmp_path / "out.onnx")


def test_every_patch_says_why_and_on_what_evidence() -> None:
    for patch in all_patches():
        assert len(patch.why) > 40
        assert patch.evidence.grade in GRADES


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:00\n", r"a Git LFS pointer.*git lfs pull"),
        (b"PK\x03\x04 a checkpoint", r"a PyTorch checkpoint.*tasnet2hef convert"),
        (b"<!DOCTYPE html>", r"a web page"),
    ],
)
def test_what_is_given_for_a_graph_is_named(tmp_path: Path, content: bytes, told: str) -> None:
    (tmp_path / "in.onnx").write_bytes(content)
    for read in (OpenedGraph.read, read_file, patch_module.read_model):
        with pytest.raises(InputError, match=told):
            read(tmp_path / "in.onnx")


@pytest.mark.parametrize(
    ("inputs", "weight", "words"),
    [
        (["x"], (4, 4, 1, 1), "Conv reads 1 tensors"),
        (["x", "w"], (4,), r"node c: its weights w have shape \[4\], expected filters, channels and a kernel"),
    ],
)
def test_a_convolution_without_a_kernel_is_refused(
    tmp_path: Path, inputs: list[str], weight: tuple[int, ...], words: str
) -> None:
    model = _model([helper.make_node("Conv", inputs, ["y"], "c")], {"w": np.ones(weight, np.float32)})
    with pytest.raises(GraphError, match=words):
        _patch(tmp_path, model)
    assert [path.name for path in tmp_path.iterdir()] == ["in.onnx"]


def _filled(*sizes: int) -> onnx.ModelProto:
    nodes = [
        helper.make_node("ConstantOfShape", ["shape"], ["z"], "zeros"),
        helper.make_node("ReduceSum", ["z"], ["k"], "sum", keepdims=0),
        helper.make_node("Mul", ["x", "k"], ["y"], ""),
    ]
    return _model(nodes, {"shape": np.int64(sizes)})


def test_a_fill_of_gigabytes_is_neither_stored_nor_run(tmp_path: Path) -> None:
    report, patched = _patch(tmp_path, _filled(2**16, 2**16))
    assert "ConstantOfShape" in [node.op_type for node in patched.graph.node]
    assert report.parity is None
    assert "needs 34,360 MB at once, expected at most 537 MB" in report.unchecked


def test_a_loop_is_not_run(tmp_path: Path) -> None:
    ports = {
        name: helper.make_tensor_value_info(name, kind, shape)
        for name, kind, shape in (
            ("count", TensorProto.INT64, []),
            ("go", TensorProto.BOOL, []),
            ("on", TensorProto.BOOL, []),
            ("a", TensorProto.FLOAT, [1, 2, 6, 1]),
            ("b", TensorProto.FLOAT, [1, 2, 6, 1]),
        )
    }
    steps = [helper.make_node("Identity", ["go"], ["on"]), helper.make_node("Identity", ["a"], ["b"])]
    body = helper.make_graph(steps, "body", [ports[n] for n in ("count", "go", "a")], [ports["on"], ports["b"]])
    loop = helper.make_node("Loop", ["n", "yes", "x"], ["y"], body=body)
    report, _ = _patch(tmp_path, _model([loop], {"n": np.int64(2**60), "yes": np.array(True)}))
    assert report.unchecked == "the graph: node Loop runs a graph inside, as often as that says"


def test_a_graph_without_write_permission_is_not_patched_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = tmp_path / "kept.onnx"
    onnx.save(_foreign(), kept)
    before = kept.read_bytes()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != kept)  # who runs the tests may be root
    with pytest.raises(OptionError, match="found a file without write permission"):
        patch_file(kept, kept)
    assert kept.read_bytes() == before
