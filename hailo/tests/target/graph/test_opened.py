"""An opened graph reads its file once, works each part out once, and never changes its model."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import numpy_helper

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.sign_split import make_contract, save_graph


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return save_graph(tmp_path / "net.onnx", make_contract())


def test_everything_comes_from_one_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[object] = []
    sys.addaudithook(lambda event, values: reads.append(values[0]) if event == "open" else None)
    parsed: list[object] = []
    real_parse = sys.modules["tasnet2hef.target.graph.opened"].parse
    monkeypatch.setattr(
        "tasnet2hef.target.graph.opened.parse", lambda loaded: (parsed.append(loaded), real_parse(loaded))[1]
    )
    graph = OpenedGraph.read(file)
    for _ in range(2):
        assert graph.contract == make_contract()
        assert graph.digest == hashlib.sha256(graph.model.SerializeToString()).hexdigest()
        assert list(graph.inputs) == ["frames"]
        assert graph.cost.parsed_layers > 0
        assert graph.with_weights() == graph.model
    assert [str(path) for path in reads].count(str(file)) == 1
    assert len(parsed) == 1


def test_a_graph_in_memory_has_the_digest_of_its_file(file: Path) -> None:
    assert OpenedGraph(onnx.load(file)).digest == hashlib.sha256(file.read_bytes()).hexdigest()
    assert OpenedGraph.read(file).digest == hashlib.sha256(file.read_bytes()).hexdigest()


def test_input_layers_and_window_shapes_are_in_the_order_of_the_inputs(file: Path) -> None:
    graph = OpenedGraph.read(file)
    assert graph.input_layers == {"frames": "input_layer1"}
    assert graph.window_shapes == {"input_layer1": (100, 1, 8)}
    assert graph.inputs == {"frames": [1, 8, 100, 1]}


def test_the_model_is_not_changed_by_other_input_shapes(file: Path) -> None:
    before = onnx.load(file)
    graph = OpenedGraph.read(file, {"frames": (1, 8, 50, 1)})
    assert graph.loaded.shapes["frames"] == (1, 8, 50, 1)
    graph.with_weights().graph.ClearField("node")
    assert graph.model == before


def test_a_foreign_graph_has_no_contract_and_is_refused_where_one_is_needed(tmp_path: Path) -> None:
    graph = OpenedGraph.read(save_graph(tmp_path / "net.onnx", make_contract(), record=""))
    assert graph.contract is None
    with pytest.raises(GraphError, match=r"net\.onnx: found no tasnet2hef metadata"):
        graph.require_contract()


def test_damaged_metadata_is_distinguished_from_none(tmp_path: Path) -> None:
    graph = OpenedGraph.read(save_graph(tmp_path / "net.onnx", make_contract(), record="{"))
    with pytest.raises(GraphError, match="damaged"):
        _ = graph.contract


def test_external_weights_are_read_when_they_are_needed(tmp_path: Path) -> None:
    model = onnx.load(save_graph(tmp_path / "net.onnx", make_contract()))
    weights = np.arange(4096, dtype=np.float32)
    model.graph.initializer.append(numpy_helper.from_array(weights, "weights"))
    onnx.save(
        model, tmp_path / "outside.onnx", save_as_external_data=True, location="weights.bin", size_threshold=0
    )
    graph = OpenedGraph.read(tmp_path / "outside.onnx")
    assert not graph.model.graph.initializer[0].raw_data
    np.testing.assert_array_equal(numpy_helper.to_array(graph.with_weights().graph.initializer[0]), weights)
    (tmp_path / "weights.bin").unlink()
    with pytest.raises(GraphError, match=r"outside\.onnx: its external weights can't be read"):
        graph.with_weights()
