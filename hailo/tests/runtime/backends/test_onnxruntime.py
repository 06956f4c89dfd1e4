from __future__ import annotations

import numpy as np
import onnx
import pytest

from tasnet2hef.base.errors import GraphError
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tests.quantize.small_net import save_net


@pytest.mark.parametrize("layout", ["tall", "wide"])
@pytest.mark.parametrize("threads", [None, 1])
def test_frames_pass_through_either_layout(tmp_path, contract, graph, layout, threads):
    description = contract(layout=layout, window_frames=20)
    backend = OnnxRuntimeBackend(graph(tmp_path / "net.onnx", description, gains=(2, 3)), threads)
    frames = np.random.default_rng(0).standard_normal((21, 8)).astype(np.float32)
    expected = np.stack([2 * np.maximum(frames, 0), 3 * np.minimum(frames, 0)])
    np.testing.assert_array_equal(backend.run(frames), expected)
    assert backend.contract == description


@pytest.mark.parametrize("streams", [2, 8])
def test_frames_pass_through_columns(tmp_path, contract, graph, streams):
    backend = OnnxRuntimeBackend(graph(tmp_path / "net.onnx", contract(streams=streams, window_frames=20)))
    frames = np.random.default_rng(0).standard_normal((21, 8 * streams)).astype(np.float32)
    np.testing.assert_array_equal(backend.run(frames), np.stack([np.maximum(frames, 0), np.minimum(frames, 0)]))


def broken(path, content: bytes):
    path.write_bytes(content)
    return path


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(GraphError, match=r"none.onnx: found nothing, expected an ONNX file"):
        OnnxRuntimeBackend(tmp_path / "none.onnx")
    with pytest.raises(GraphError, match=r"found a folder, expected an ONNX file"):
        OnnxRuntimeBackend(tmp_path)


@pytest.mark.parametrize("share", [0, 0.5, 0.95])
def test_truncated_graph(tmp_path, model, share):
    content = model.read_bytes()
    path = broken(tmp_path / "cut.onnx", content[: int(share * len(content))])
    with pytest.raises(GraphError, match=r"cut.onnx: ") as refusal:
        OnnxRuntimeBackend(path)
    assert "\n" not in str(refusal.value)


def test_text_is_no_graph(tmp_path):
    with pytest.raises(GraphError, match=r"found 12 bytes that ONNX Runtime can't load as a graph"):
        OnnxRuntimeBackend(broken(tmp_path / "text.onnx", b"hello, hello"))


def test_a_git_lfs_pointer_is_named(tmp_path):
    with pytest.raises(GraphError, match=r"pointer.onnx: is a Git LFS pointer.*; run git lfs pull"):
        OnnxRuntimeBackend(broken(tmp_path / "pointer.onnx", b"version https://git-lfs.github.com/spec/v1"))


def test_metadata_that_is_no_text(tmp_path, model):
    content = model.read_bytes()
    assert content.count(b'"stateful"') == 1
    with pytest.raises(GraphError, match=r"bad.onnx: ") as refusal:
        OnnxRuntimeBackend(broken(tmp_path / "bad.onnx", content.replace(b'"stateful"', b'"state\x92ul"')))
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    ("record", "message"),
    [("", "no tasnet2hef metadata"), ("{", "metadata is damaged"), ("{}", "metadata is damaged")],
)
def test_graph_of_someone_else(tmp_path, contract, graph, record, message):
    path = graph(tmp_path / "other.onnx", contract(), record=record)
    with pytest.raises(GraphError, match=message):
        OnnxRuntimeBackend(path)


@pytest.mark.parametrize("shape", [(1, 8, 99, 1), (1, 8, "rows", 1), (1, 1, 800, 1)])
def test_graph_that_is_not_what_its_contract_says(tmp_path, contract, graph, shape):
    path = graph(tmp_path / "odd.onnx", contract(), input_shape=shape)
    with pytest.raises(GraphError, match=r"found inputs and outputs|can't load|dynamic axes"):
        OnnxRuntimeBackend(path)


def test_graph_with_another_number_of_sources(tmp_path, contract, graph):
    path = graph(tmp_path / "odd.onnx", contract(), record=contract(n_src=3).to_json())
    with pytest.raises(GraphError, match=r"expected .*source_3 tensor\(float\) \[1, 8, 100, 1\]"):
        OnnxRuntimeBackend(path)
    assert onnx.load(path).metadata_props


def test_a_graph_that_loads_and_does_not_run(tmp_path, capfd):
    path = save_net(tmp_path / "net.onnx")
    changed = onnx.load(path)
    (weight,) = [each for each in changed.graph.initializer if each.name == "source_2/decoder/weight"]
    weight.CopyFrom(onnx.numpy_helper.from_array(np.zeros(8, np.float32), weight.name))
    onnx.save(changed, path)
    backend = OnnxRuntimeBackend(path, threads=1)
    with pytest.raises(
        GraphError, match=r"net\.onnx: found a graph that ONNX Runtime can't run \(.*source_2/decoder"
    ):
        backend.run(np.zeros((backend.contract.rows, backend.contract.spec.stride), np.float32))
    assert capfd.readouterr() == ("", ""), "ONNX Runtime prints nothing besides"
