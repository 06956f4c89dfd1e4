from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import soundfile

from tasnet2hef.base.errors import InputError
from tasnet2hef.base.outcome import ERROR, MISSING, NOT_RUN, OK, WARNING
from tasnet2hef.diagnose.selftest.selftest import DEVICE, FLOAT, PARTS, SEGMENTS, SIMULATED, selftest
from tasnet2hef.quantize.calibration.calibrate import calibrate_graph
from tasnet2hef.quantize.calibration.window_draw import Draw
from tasnet2hef.runtime.backends.hailort.sidecar import sidecar_path, write_sidecar
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.reference_clips import Reference, reference_path, save_reference
from tasnet2hef.runtime.speech_windows import separate_clips, speech_clips
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import babble, save_net
from tests.runtime.hailort.graphs import save_parts, save_segments, save_stateful
from tests.runtime.hailort.hefs import save_hef


def comparisons(report, net=0):
    return {each.name: each for each in report.nets[net].comparisons}


def test_every_form_of_a_net_is_ok(build, runtime):
    vendor = runtime()
    folder = build()
    soundfile.write(folder / "voice.wav", babble(3.0, 0), 8000)
    calibrate_graph(OpenedGraph.read(folder / "net.onnx"), folder, folder / "calib.npz", Draw(16))
    progress = []
    report = selftest(folder, threads=1, progress=lambda *numbers: progress.append(numbers))
    compared = comparisons(report)
    assert {each.status for each in compared.values()} <= {OK, WARNING}
    assert compared[FLOAT].status == OK
    assert compared[SIMULATED].title == f"{SIMULATED} with calib.npz (made for net.onnx)"
    assert list(compared) == [FLOAT, SIMULATED, *DEVICE.values()]
    device = compared[DEVICE["quantised"]]
    assert compared[FLOAT].agreement_db > 100 > device.agreement_db > compared[SIMULATED].floor_db
    assert compared[DEVICE["float"]].floor_db == max(15.0, compared[SIMULATED].agreement_db - 6.0)
    assert progress == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert vendor.VDevice.open_devices == 0
    assert json.loads(json.dumps(report.to_json(), allow_nan=False))["status"] == OK


def test_the_device_machine_has_the_hef_and_the_reference_only(build, runtime):
    runtime("4.17.0")
    folder = build()
    (folder / "net.onnx").unlink()
    compared = comparisons(selftest(folder, threads=1))
    assert list(compared) == list(DEVICE.values())
    assert {each.status for each in compared.values()} == {OK}
    reference_path(folder / "net.onnx").unlink()
    compared = comparisons(selftest(folder, threads=1))
    assert {each.status for each in compared.values()} == {NOT_RUN}
    assert "no net.onnx and no reference" in compared[DEVICE["float"]].reason


def test_without_a_reference_the_graph_is_it(build, runtime):
    runtime()
    folder = build(reference=False)
    report = selftest(folder / "net.hef", threads=1)
    compared = comparisons(report)
    assert compared[FLOAT].status == NOT_RUN
    assert compared[DEVICE["float"]].agreement_db > 100
    assert report.nets[0].reference == "net.onnx on the shipped speech"


def test_a_graph_of_other_weights_is_an_error(build, runtime):
    runtime()
    folder = build()
    save_net(folder / "net.onnx", seed=1)
    compared = comparisons(selftest(folder, threads=1))
    assert compared[FLOAT].status == ERROR
    assert compared[FLOAT].agreement_db < 20
    assert compared[FLOAT].reason.startswith("the sources differ")


def test_a_damaged_graph_is_an_error_not_an_end(build, runtime):
    runtime()
    folder = build()
    (folder / "net.onnx").write_bytes((folder / "net.onnx").read_bytes()[:500])
    report = selftest(folder, simulate=False, threads=1)
    assert report.errors == ("net: float ONNX",)
    assert "can't load as a graph" in comparisons(report)[FLOAT].reason


@pytest.mark.parametrize(
    ("settings", "version", "status", "words"),
    [
        ({"architecture": "HAILO8L"}, "4.23.0", ERROR, "HEF's chip: found hailo8, expected hailo8l"),
        ({"fail": {"VDevice": ["", "HAILO_INVALID_DRIVER_VERSION"]}}, "4.23.0", ERROR, "different versions"),
        ({"fail": {"VDevice": ["", "HAILO_OUT_OF_PHYSICAL_DEVICES"]}}, "4.23.0", NOT_RUN, "hailortcli scan"),
        ({"fail": {"wait": ["HailoRTTimeout", ""]}}, "4.23.0", ERROR, "did not answer in time"),
        ({"fail": {"HEF": ["", "HAILO_INVALID_HEF"]}}, "4.20.0", ERROR, "3.33 with 4.23"),
    ],
)
def test_devices_that_can_not_run_it(build, runtime, settings, version, status, words):
    vendor = runtime(version, **settings)
    compared = comparisons(selftest(build(), simulate=False, threads=1))
    assert compared[FLOAT].status == OK
    assert compared[DEVICE["float"]].status == status
    assert words in compared[DEVICE["float"]].reason
    assert vendor.VDevice.open_devices == 0


def test_no_runtime_is_no_error(build):
    report = selftest(build(), simulate=False, threads=1)
    assert comparisons(report)[DEVICE["float"]].status == NOT_RUN
    assert report.device.absent
    assert [each.status for each in report.device.diagnoses] == [MISSING]
    assert not report.errors


def test_without_a_hef_no_device_is_examined(build):
    assert selftest(build(hef=False), simulate=False, threads=1).device is None


def test_a_hef_with_a_damaged_sidecar_is_an_error(build, runtime):
    runtime()
    folder = build()
    sidecar_path(folder / "net.hef").write_text("{")
    compared = comparisons(selftest(folder, simulate=False, threads=1))
    assert compared[DEVICE["float"]].status == ERROR
    assert "damaged" in compared[DEVICE["float"]].reason


def test_chunks(tmp_path, runtime):
    runtime()
    model = save_stateful(tmp_path / "net.onnx")
    write_sidecar(
        save_hef(model, code_type="UINT16", ranges={"tcn_00/state": 2, "tcn_00/next_state": 2}),
        OpenedGraph.read(model),
    )
    backend = OnnxRuntimeBackend(model, 1)
    clips = speech_clips(backend.contract, 2)
    save_reference(reference_path(model), Reference(clips, separate_clips(backend, clips)))
    compared = comparisons(selftest(tmp_path, threads=1))
    assert compared[SIMULATED].status == NOT_RUN
    assert [compared[name].status for name in (FLOAT, *DEVICE.values())] == [OK] * 3


def test_segments_and_columns(tmp_path, runtime, contract, graph):
    runtime()
    graph(tmp_path / "net.onnx", contract())
    for model in save_segments(tmp_path, contract()):
        write_sidecar(save_hef(model, code_type="UINT16"), OpenedGraph.read(model))
    graph(tmp_path / "wide.onnx", contract(streams=4))
    report = selftest(tmp_path, simulate=False, threads=1)
    assert [net.name for net in report.nets] == ["net", "wide"]
    assert [comparisons(report)[name].status for name in (SEGMENTS, *DEVICE.values())] == [OK] * 3
    assert selftest(tmp_path / "net.segment_2.hef", simulate=False, threads=1).nets == report.nets[:1]


def test_ends_on_the_host(tmp_path, runtime):
    runtime()
    _, chip, _ = save_parts(tmp_path)
    whole = OnnxRuntimeBackend(tmp_path / "net.onnx", 1)
    clips = speech_clips(whole.contract, 2)
    save_reference(reference_path(tmp_path / "net.onnx"), Reference(clips, separate_clips(whole, clips)))
    soundfile.write(tmp_path / "voice.wav", babble(3.0, 0), 8000)
    calibrate_graph(OpenedGraph.read(chip), tmp_path, tmp_path / "calib.npz", Draw(4))
    write_sidecar(save_hef(chip, code_type="UINT16", ranges={"encoder": 4.0}), OpenedGraph.read(chip))
    progress = []
    report = selftest(tmp_path, threads=1, progress=lambda *numbers: progress.append(numbers))
    assert [net.name for net in report.nets] == ["net"]
    compared = comparisons(report)
    assert list(compared) == [FLOAT, PARTS, SIMULATED, *DEVICE.values()]
    assert [compared[name].status for name in (FLOAT, PARTS, *DEVICE.values())] == [OK] * 4
    assert compared[PARTS].agreement_db > 100
    assert compared[SIMULATED].title == f"{SIMULATED} with calib.npz (made for net.chip_part.onnx)"
    assert progress[-1] == (5, 5)


def test_a_calibration_set_of_another_window_is_not_taken(build, runtime, tmp_path_factory):
    runtime()
    folder = build(hef=False)
    other = save_net(tmp_path_factory.mktemp("other") / "other.onnx", window_frames=49)
    soundfile.write(other.parent / "voice.wav", babble(2.0, 0), 8000)
    calibrate_graph(OpenedGraph.read(other), other.parent, folder / "calib.npz", Draw(4))
    np.savez(folder / "else.npz", a=np.zeros(3))
    compared = comparisons(selftest(folder, threads=1))[SIMULATED]
    assert compared.status == NOT_RUN
    assert "calibrate again with this model" in compared.reason


def test_a_calibration_set_of_another_model_must_be_asked_for(build, runtime, tmp_path_factory):
    runtime()
    folder = build(hef=False)
    other = save_net(tmp_path_factory.mktemp("other") / "other.onnx", seed=8)
    soundfile.write(other.parent / "voice.wav", babble(3.0, 0), 8000)
    archive = folder / "calib.npz"
    calibrate_graph(OpenedGraph.read(other), other.parent, archive, Draw(16))
    compared = comparisons(selftest(folder, threads=1))[SIMULATED]
    assert compared.status == NOT_RUN
    assert f"calib.npz (made for other.onnx) is not this model's; --calib {archive} takes it" in compared.reason
    asked = comparisons(selftest(folder, calibration=archive, threads=1))[SIMULATED]
    assert asked.agreement_db is not None
    assert asked.title == f"{SIMULATED} with calib.npz (made for other.onnx)"
    calibrate_graph(OpenedGraph.read(folder / "net.onnx"), other.parent, folder / "z.npz", Draw(16))
    assert comparisons(selftest(folder, threads=1))[SIMULATED].calibration == "z.npz (made for net.onnx)"


def test_a_calibration_set_of_noise_is_an_error(build, runtime):
    runtime()
    folder = build(hef=False)
    noise = 0.05 * np.random.default_rng(0).standard_normal((16, 100, 1, 8))
    np.savez(folder / "calib.npz", input_layer1=noise.astype(np.float32))
    assert comparisons(selftest(folder, threads=1))[SIMULATED].status == NOT_RUN
    (folder / "calib.npz").rename(folder / "net.calib.npz")
    compared = comparisons(selftest(folder, threads=1))[SIMULATED]
    assert compared.status == ERROR
    assert "noise, no speech" in compared.reason


def test_nothing_to_test(tmp_path):
    with pytest.raises(InputError, match="found no ONNX file and no HEF"):
        selftest(tmp_path)
    with pytest.raises(InputError, match="found no ONNX file and no HEF"):
        selftest(tmp_path / "none.onnx")


def test_files_can_be_moved_together(build, runtime, tmp_path_factory):
    runtime()
    folder = tmp_path_factory.mktemp("there") / "build"
    shutil.copytree(build(), folder)
    assert not selftest(folder, simulate=False, threads=1).errors
