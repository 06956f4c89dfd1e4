"""A recording through the stand-in's device equals the same one through ONNX Runtime."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile

from tasnet2hef.audio.speech import speech_clip
from tasnet2hef.base.errors import DeviceError, OptionError
from tasnet2hef.base.parity import signal_to_error_db
from tasnet2hef.cli.main import make_app, run
from tasnet2hef.runtime.backends.hailort.sidecar import sidecar_path, write_sidecar
from tasnet2hef.runtime.backends.opening import choose_runtime
from tasnet2hef.runtime.separate import separate_file
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import save_net
from tests.runtime.hailort.graphs import save_segments, save_stateful
from tests.runtime.hailort.hefs import save_hef

EXACT_DB = 100.0


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "clip.wav"
    soundfile.write(path, speech_clip(12000, 8000), 8000)
    return path


def compiled(model: Path) -> Path:
    hef = save_hef(model)
    write_sidecar(hef, OpenedGraph.read(model))
    return hef


def worst_db(expected, actual):
    pairs = zip(expected.outputs, actual.outputs, strict=True)
    return min(signal_to_error_db(*(soundfile.read(path)[0] for path in pair)) for pair in pairs)


def separate_both(model: Path, hef: Path, recording: Path, folder: Path) -> float:
    reports = [
        separate_file(path, recording, folder / name, sample_format="float32", threads=1)
        for name, path in (("cpu", model), ("device", hef))
    ]
    return worst_db(*reports)


def test_windows(tmp_path, runtime, recording):
    runtime()
    model = save_net(tmp_path / "net.onnx")
    assert separate_both(model, compiled(model), recording, tmp_path) >= EXACT_DB


def test_columns(tmp_path, runtime, recording, contract, graph):
    runtime("5.2.0")
    model = graph(tmp_path / "net.onnx", contract(streams=4))
    assert separate_both(model, compiled(model), recording, tmp_path) >= EXACT_DB


def test_chunks(tmp_path, runtime, recording):
    runtime()
    model = save_stateful(tmp_path / "net.onnx")
    assert separate_both(model, compiled(model), recording, tmp_path) >= EXACT_DB


def test_segments(tmp_path, runtime, recording, contract):
    runtime("4.17.0")
    models = save_segments(tmp_path, contract())
    hefs = [compiled(model) for model in models]
    assert separate_both(models[0], hefs[1], recording, tmp_path) >= EXACT_DB


def test_each_runtime_takes_its_own_file(tmp_path):
    assert choose_runtime(tmp_path / "a.onnx") == ("onnxruntime", tmp_path / "a.onnx")
    assert choose_runtime(tmp_path / "a.hef") == ("hailort", tmp_path / "a.hef")
    assert choose_runtime(tmp_path / "a.hef", "onnxruntime") == ("onnxruntime", tmp_path / "a.onnx")
    assert choose_runtime(tmp_path / "a.onnx", "hailort") == ("hailort", tmp_path / "a.hef")
    assert choose_runtime(tmp_path / "a.bin", "hailort") == ("hailort", tmp_path / "a.bin")
    with pytest.raises(OptionError, match="--backend: found 'tpu', expected onnxruntime or hailort"):
        choose_runtime(tmp_path / "a.onnx", "tpu")


def test_the_command(tmp_path, runtime, recording, capsys):
    vendor = runtime()
    model = save_net(tmp_path / "net.onnx")
    hef = compiled(model)
    asked = ["separate", str(model), str(recording), "-o", str(tmp_path / "out"), "--backend", "hailort", "--json"]
    assert run(make_app(), asked) == 0
    report = json.loads(capsys.readouterr().out)
    assert [Path(path).name for path in report["outputs"]] == ["clip_source_1.wav", "clip_source_2.wav"]
    assert vendor.VDevice.open_devices == 0
    sidecar_path(hef).unlink()
    model.unlink()
    assert run(make_app(), ["separate", str(hef), str(recording), "-o", str(tmp_path / "new")]) == 2
    error = capsys.readouterr().err.strip()
    assert "found neither net.hef.json nor net.onnx" in error
    assert "\n" not in error
    assert not (tmp_path / "new").exists()


def test_a_device_that_is_lost_leaves_nothing_behind(tmp_path, runtime, recording):
    vendor = runtime(fail={"wait": ["HailoRTTimeout", ""]})
    hef = compiled(save_net(tmp_path / "net.onnx"))
    with pytest.raises(DeviceError, match="HailoRTTimeout"):
        separate_file(hef, recording, tmp_path / "out")
    assert vendor.VDevice.open_devices == 0
    assert not list((tmp_path / "out").glob("*.wav"))
