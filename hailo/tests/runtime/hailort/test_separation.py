"""A recording through the stand-in's device equals the same one through ONNX Runtime."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile

from tasnet2hef.audio.speech import speech_clip
from tasnet2hef.base.errors import DeviceError, DeviceRunError, OptionError
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


FAILED_JOB = {"job": ["HailoRTStreamAborted", ""]}


@pytest.mark.parametrize("version", ["4.17.0", "4.18.0", "4.23.0", "5.2.0"])
def test_jobs_that_fail_are_never_silence(tmp_path, runtime, recording, capsys, version):
    """The real library ends `wait` well, with a constant in the buffers: only its callback hears of it."""
    runtime(version, fail=FAILED_JOB)
    hef = compiled(save_net(tmp_path / "net.onnx", window_frames=999))
    assert run(make_app(), ["separate", str(hef), str(recording), "-o", str(tmp_path / "out")]) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    expected = "Stream was aborted" if version != "4.17.0" else "found every source constant (-1"
    assert expected in error
    assert "nothing was written" in error
    assert not list((tmp_path / "out").glob("*.wav"))


@pytest.mark.parametrize("version", ["4.18.0", "5.2.0"])
def test_what_was_good_before_a_failure_is_kept(tmp_path, runtime, version):
    recording = tmp_path / "clip.wav"
    soundfile.write(recording, speech_clip(32000, 8000), 8000)
    model = save_net(tmp_path / "net.onnx")
    whole = separate_file(model, recording, tmp_path / "whole", sample_format="float32")
    runtime(version, fail=FAILED_JOB, good_jobs=2 + whole.windows // 2)
    with pytest.raises(DeviceRunError, match=r"Stream was aborted.* of 4\.0 s were separated before") as failure:
        separate_file(compiled(model), recording, tmp_path / "out", raw_scale=True)
    (first, second) = sorted((tmp_path / "out").glob("*.wav"))
    assert str(first) in str(failure.value)
    assert first.name.startswith("clip_source_1_until_")
    good = soundfile.read(first)[0]
    assert 8000 <= len(good) < 32000
    raw = separate_file(model, recording, tmp_path / "raw", raw_scale=True)
    for path, kept in zip(raw.outputs, (first, second), strict=True):
        expected = soundfile.read(path)[0][: len(good)]
        assert signal_to_error_db(expected, soundfile.read(kept)[0]) >= EXACT_DB


@pytest.mark.parametrize("version", ["4.17.0", "4.23.0"])
def test_live_stops_at_a_failed_job(tmp_path, runtime, capsys, version):
    recording = tmp_path / "clip.wav"
    soundfile.write(recording, speech_clip(48000, 8000), 8000)
    runtime(version, fail=FAILED_JOB, good_jobs=5)
    hef = compiled(save_net(tmp_path / "net.onnx"))
    asked = ["live", str(hef), "--from-file", str(recording), "--to-file", str(tmp_path / "heard.wav")]
    asked += ["--speed", "0", "--record", str(tmp_path / "record")]
    assert run(make_app(), asked) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert "Stream was aborted" in error or "found every source constant" in error
    recorded = [soundfile.info(path).frames for path in sorted((tmp_path / "record").glob("*.wav"))]
    assert len(recorded) == 3
    assert 0 < min(recorded) <= max(recorded) < 48000


def test_silence_at_the_input_may_be_constant_at_the_output(tmp_path, runtime):
    recording = tmp_path / "clip.wav"
    soundfile.write(recording, 0.001 * speech_clip(32000, 8000), 8000)
    runtime("4.17.0", fail=FAILED_JOB)
    hef = compiled(save_net(tmp_path / "net.onnx"))
    assert separate_file(hef, recording, tmp_path / "out").windows > 0


def test_a_device_that_is_lost_leaves_nothing_behind(tmp_path, runtime, recording):
    vendor = runtime(fail={"wait": ["HailoRTTimeout", ""]})
    hef = compiled(save_net(tmp_path / "net.onnx"))
    with pytest.raises(DeviceError, match="HailoRTTimeout"):
        separate_file(hef, recording, tmp_path / "out")
    assert vendor.VDevice.open_devices == 0
    assert not list((tmp_path / "out").glob("*.wav"))
