from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from tasnet2hef.base.errors import DeviceError, InputError
from tasnet2hef.runtime.backends.hailort.backend import HailoRtBackend
from tasnet2hef.runtime.backends.hailort.sidecar import (
    describe,
    layer_names,
    read_sidecar,
    sidecar_path,
    write_sidecar,
)
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import save_net
from tests.runtime.hailort.graphs import save_segments, save_stateful
from tests.runtime.hailort.hefs import save_hef


@pytest.fixture
def hef(tmp_path: Path) -> Path:
    model = save_net(tmp_path / "net.onnx")
    hef = save_hef(model)
    write_sidecar(hef, OpenedGraph.read(model), hardware="hailo8", compiler="3.33.0")
    return hef


def rewrite(hef: Path, **changes: object) -> Path:
    path = sidecar_path(hef)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
    return path


def test_what_is_written_is_read(hef):
    sidecar = read_sidecar(hef)
    assert (sidecar.hardware, sidecar.compiler) == ("hailo8", "3.33.0")
    assert [port.name for port in (*sidecar.inputs, *sidecar.outputs)] == ["frames", "source_1", "source_2"]
    assert sidecar.outputs[0].shape == (100, 1, 8)
    assert sidecar.outputs[0].origins == ("source_1", "source_1/decoder")
    assert [port.readers for port in (*sidecar.inputs, *sidecar.outputs)] == [("encoder",), (), ()]
    assert describe(OpenedGraph.read(hef.with_suffix(".onnx"))).contract == sidecar.contract


def test_the_compilers_own_names_are_kept(tmp_path):
    model = save_net(tmp_path / "net.onnx")
    layers = {
        "net/input_layer1": {"type": "input_layer", "original_names": ["frames"]},
        "net/conv9": {"type": "conv", "original_names": ["source_2/decoder"], "input": ["net/conv8"]},
        "net/output_layer2": {"type": "output_layer", "original_names": [], "input": ["net/conv9"]},
    }
    described = describe(OpenedGraph.read(model), {"layers": layers})
    assert described.inputs[0].origins == ("frames", "net/input_layer1")
    assert described.outputs[0].origins == ("source_1", "source_1/decoder")
    assert described.outputs[1].origins == ("source_2", "source_2/decoder", "net/output_layer2", "net/conv9")


def test_a_recorded_parse_tells_the_layers_of_the_ends(evidence):
    recorded = json.loads((evidence / "seed_wide_dfc3.33_parsed.json").read_text())
    hn = recorded.get("hn_model", recorded)
    assert layer_names(hn, ("input",)) == ("convtas/input_layer1",)
    assert layer_names(hn, ("output", "node_squeeze")) == ("convtas/output_layer1", "convtas/deconv1")


def test_past_rows_and_borders_are_ports(tmp_path, contract):
    stateful = describe(OpenedGraph.read(save_stateful(tmp_path / "chunk.onnx")))
    assert [port.name for port in stateful.inputs] == ["frames", "tcn_00/state"]
    assert stateful.outputs[-1].shape == (2, 1, 12)
    second = describe(OpenedGraph.read(save_segments(tmp_path, contract())[1]))
    assert [port.name for port in second.inputs] == ["frames", "tcn_00/residual_sum"]


def test_the_onnx_file_serves_as_well(hef):
    sidecar = read_sidecar(hef)
    sidecar_path(hef).unlink()
    described = read_sidecar(hef)
    assert (described.inputs, described.outputs, described.contract) == (
        sidecar.inputs,
        sidecar.outputs,
        sidecar.contract,
    )
    hef.with_suffix(".onnx").unlink()
    with pytest.raises(DeviceError, match=r"found neither net.hef.json nor net.onnx beside it"):
        read_sidecar(hef)


def test_a_sidecar_of_another_hef_is_refused(hef):
    hef.write_bytes(hef.read_bytes() + b" ")
    with pytest.raises(
        DeviceError, match=r"found the sidecar of a HEF of SHA-256 \w{12}\.\.\., expected that of net"
    ):
        read_sidecar(hef)


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "{}", '{"format": "x"}', "\x00\xff"])
def test_damaged_sidecars(hef, text):
    sidecar_path(hef).write_text(text)
    with pytest.raises(DeviceError, match=r"net.hef.json: damaged") as refusal:
        read_sidecar(hef)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize(
    "inputs", [[], None, [{"name": "frames"}], [{"name": "a", "shape": [1, 2], "origins": [], "readers": []}], [3]]
)
def test_damaged_ports(hef, inputs):
    rewrite(hef, inputs=inputs)
    with pytest.raises(DeviceError, match=r"damaged"):
        read_sidecar(hef)


def test_ports_that_contradict_the_export(hef):
    rewrite(hef, inputs=[{"name": "frames", "shape": [50, 1, 8], "origins": ["frames"], "readers": []}])
    with pytest.raises(DeviceError, match=r"frames: found shape \[50, 1, 8\], expected \[100, 1, 8\]"):
        read_sidecar(hef)


def test_missing_hef_and_folder(tmp_path):
    with pytest.raises(DeviceError, match=r"none.hef: found nothing, expected a HEF"):
        read_sidecar(tmp_path / "none.hef")
    with pytest.raises(DeviceError, match=r"found a folder, expected a HEF"):
        read_sidecar(tmp_path)


def test_a_foreign_graph_gets_no_sidecar(tmp_path, contract, graph):
    model = graph(tmp_path / "net.onnx", contract(), record="")
    hef = save_hef(model)
    with pytest.raises(InputError, match="no tasnet2hef metadata"):
        write_sidecar(hef, OpenedGraph.read(model))
    assert sorted(path.name for path in tmp_path.iterdir()) == ["net.hef", "net.onnx"]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"networks": ["a", "b"]}, r"found networks a, b, expected 1"),
        ({"order": "NCHW"}, r"net/input_layer1: found format UINT8 in order NCHW, expected"),
        ({"shape": [1, 100, 8]}, r"net/input_layer1: found shape \[1, 100, 8\], expected \[100, 1, 8\]"),
        ({"originals": ["source_1", "frames"]}, r"share a port, expected one for each of source_1, source_2"),
        ({"originals": ["source_1", "source_2", "frames"]}, r"found 2 ports with its names, expected 1"),
    ],
)
def test_streams_that_are_not_the_sidecars(hef, runtime, changes, words):
    vendor = runtime()
    model = hef.with_suffix(".onnx")
    write_sidecar(save_hef(model, **changes), OpenedGraph.read(model))
    with pytest.raises(DeviceError, match=words):
        HailoRtBackend(hef)
    assert vendor.VDevice.open_devices == 0


@pytest.mark.parametrize("order", ["NHWC", "FCR", "F8CR"])
def test_orders_that_are_row_by_row_on_the_host(tmp_path, runtime, order):
    runtime()
    model = save_net(tmp_path / "net.onnx")
    hef = save_hef(model, order=order)
    write_sidecar(hef, OpenedGraph.read(model))
    HailoRtBackend(hef).close()


def test_frames_and_sources_may_go_by_order(hef, runtime):
    runtime()
    model = hef.with_suffix(".onnx")
    write_sidecar(save_hef(model, named=False), OpenedGraph.read(model))
    frames = np.random.default_rng(0).standard_normal((100, 8)).astype(np.float32)
    with HailoRtBackend(hef) as backend:
        np.testing.assert_array_equal(backend.run(frames), OnnxRuntimeBackend(model, 1).run(frames))


def test_past_rows_never_go_by_order(tmp_path, runtime):
    runtime()
    model = save_stateful(tmp_path / "net.onnx")
    hef = save_hef(model, named=False)
    write_sidecar(hef, OpenedGraph.read(model))
    with pytest.raises(DeviceError, match=r"net/input_layer1: found 0 ports with its names"):
        HailoRtBackend(hef)


def test_a_hef_of_another_graph(tmp_path, runtime, contract):
    runtime()
    model = save_net(tmp_path / "net.onnx")
    hef = save_hef(model)
    other = save_stateful(tmp_path / "other.onnx")
    write_sidecar(hef, OpenedGraph.read(other))
    with pytest.raises(
        DeviceError, match=r"found 1 streams net/input_layer1, expected 2 \(frames, tcn_00/state\)"
    ):
        HailoRtBackend(hef)


def test_a_file_that_is_no_hef(hef, runtime):
    runtime()
    hef.write_bytes(b"\x01HEF and nothing that follows it here")
    write_sidecar(hef, OpenedGraph.read(hef.with_suffix(".onnx")))
    with pytest.raises(DeviceError, match=r"HAILO_HEF_NOT_SUPPORTED.*can't read the HEF.*copy the HEF again"):
        HailoRtBackend(hef)


def test_the_pair_can_be_moved(hef, tmp_path, runtime):
    runtime()
    (tmp_path / "there").mkdir()
    for path in (hef, sidecar_path(hef)):
        shutil.copy(path, tmp_path / "there" / path.name)
    assert HailoRtBackend(tmp_path / "there" / "net.hef").contract == read_sidecar(hef).contract
