"""ONNX graphs: our own with its contract, foreign ones, dynamic ones."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto, helper

from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.graph_contract import METADATA_KEY, GraphContract, metadata_of
from tasnet2hef.target.check import check_file
from tasnet2hef.target.files.onnx_file import read_onnx
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import save_net


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_net(tmp_path_factory.mktemp("inspected") / "small.onnx")


def test_our_own_export(net: Path) -> None:
    summary = read_onnx(net)
    model = onnx.load_model(net)
    contract = GraphContract.from_metadata(metadata_of(model), "small")
    cost = check_file(net).resources.cost
    assert [end.shape for end in summary.inputs] == [contract.input_shape]
    assert [end.name for end in summary.outputs] == [value.name for value in model.graph.output]
    assert summary.details["opset"] == {"ai.onnx": model.opset_import[0].version}
    assert summary.details["contract"]["window_samples"] == contract.window_samples
    assert summary.details["predicted"]["compiled_layers"] == cost.compiled_layers
    assert sum(summary.details["layers"].values()) == len(OpenedGraph.read(net).net)
    assert (summary.hw_arch, summary.compiler_version, summary.fps) == (None, None, None)


def test_a_foreign_dynamic_graph_is_shown_without_a_prediction(tmp_path: Path) -> None:
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", 1, 4, 4]) for name in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", ends[:1], ends[1:])
    path = tmp_path / "a.onnx"
    onnx.save_model(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), path)
    summary = read_onnx(path)
    assert summary.inputs[0].shape == (None, 1, 4, 4)
    assert summary.details["contract"] is None
    assert summary.details["predicted"] is None
    assert any("no layers are predicted" in note for note in summary.notes)


def test_a_damaged_contract_is_noted(net: Path, tmp_path: Path) -> None:
    model = onnx.load_model(net)
    helper.set_model_props(model, {METADATA_KEY: "{"})
    path = tmp_path / "a.onnx"
    onnx.save_model(model, path)
    summary = read_onnx(path)
    assert summary.details["contract"] is None
    assert any("metadata is damaged" in note for note in summary.notes)


def test_no_onnx(tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(b"\xff" * 40)
    with pytest.raises(GraphError, match="not an ONNX model"):
        read_onnx(path)
