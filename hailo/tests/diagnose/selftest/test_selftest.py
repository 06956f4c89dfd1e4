from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
import soundfile

from tasnet2hef.base.errors import InputError
from tasnet2hef.diagnose.selftest.selftest import DEVICE, FLOAT, SEGMENTS, SIMULATED, selftest
from tasnet2hef.quantize.calibration.calibrate import calibrate_graph
from tasnet2hef.quantize.calibration.window_draw import Draw
from tasnet2hef.runtime.backends.hailort.sidecar import sidecar_path, write_sidecar
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.reference_clips import Reference, reference_path, save_reference
from tasnet2hef.runtime.speech_windows import separate_clips, speech_clips
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import babble, save_net
from tests.runtime.hailort.graphs import save_segments, save_stateful
from tests.runtime.hailort.hefs import save_hef


def stages(result, net=0):
    return {stage.name: stage for stage in result.nets[net].stages}


def test_every_stage_is_good(build, runtime):
    vendor = runtime()
    folder = build()
    soundfile.write(folder / "voice.wav", babble(3.0, 0), 8000)
    calibrate_graph(OpenedGraph.read(folder / "net.onnx"), folder, folder / "calib.npz", Draw(16))
    told = []
    result = selftest(folder, threads=1, progress=lambda *numbers: told.append(numbers))
    found = stages(result)
    assert {stage.outcome for stage in found.values()} == {"good"}
    assert list(found) == [FLOAT, SIMULATED, *DEVICE.values()]
    assert found[FLOAT].agreement_db > 100 > found[DEVICE["quantised"]].agreement_db > found[SIMULATED].floor_db
    assert found[DEVICE["float"]].floor_db == max(15.0, found[SIMULATED].agreement_db - 6.0)
    assert told == [(1, 4), (2, 4), (3, 4), (4, 4)]
    assert vendor.VDevice.open_devices == 0
    assert json.loads(json.dumps(result.to_json(), allow_nan=False))["outcome"] == "good"


def test_the_device_machine_has_the_hef_and_the_reference_only(build, runtime):
    runtime("4.17.0")
    folder = build()
    (folder / "net.onnx").unlink()
    found = stages(selftest(folder, threads=1))
    assert list(found) == list(DEVICE.values())
    assert {stage.outcome for stage in found.values()} == {"good"}
    reference_path(folder / "net.onnx").unlink()
    found = stages(selftest(folder, threads=1))
    assert {stage.outcome for stage in found.values()} == {"not run"}
    assert "no net.onnx and no reference" in found[DEVICE["float"]].reason


def test_without_a_reference_the_graph_is_it(build, runtime):
    runtime()
    folder = build(reference=False)
    result = selftest(folder / "net.hef", threads=1)
    found = stages(result)
    assert found[FLOAT].outcome == "not run"
    assert found[DEVICE["float"]].agreement_db > 100
    assert result.nets[0].reference == "net.onnx on the shipped speech"


def test_a_graph_of_other_weights_is_broken(build, runtime):
    runtime()
    folder = build()
    save_net(folder / "net.onnx", seed=1)
    found = stages(selftest(folder, threads=1))
    assert found[FLOAT].outcome == "broken"
    assert found[FLOAT].agreement_db < 20
    assert found[FLOAT].reason == "the sources are others"


def test_a_damaged_graph_is_a_broken_stage_not_an_end(build, runtime):
    runtime()
    folder = build()
    (folder / "net.onnx").write_bytes((folder / "net.onnx").read_bytes()[:500])
    result = selftest(folder, simulate=False, threads=1)
    assert result.broken == ("net: float ONNX",)
    assert "can't load as a graph" in stages(result)[FLOAT].reason


@pytest.mark.parametrize(
    ("settings", "version", "outcome", "words"),
    [
        ({"architecture": "HAILO8L"}, "4.23.0", "broken", "HEF's chip: found hailo8, expected hailo8l"),
        ({"fail": {"VDevice": ["", "HAILO_INVALID_DRIVER_VERSION"]}}, "4.23.0", "broken", "different versions"),
        ({"fail": {"VDevice": ["", "HAILO_OUT_OF_PHYSICAL_DEVICES"]}}, "4.23.0", "not run", "hailortcli scan"),
        ({"fail": {"wait": ["HailoRTTimeout", ""]}}, "4.23.0", "broken", "did not answer in time"),
        ({"fail": {"HEF": ["", "HAILO_INVALID_HEF"]}}, "4.20.0", "broken", "3.33 with 4.23"),
    ],
)
def test_devices_that_can_not_run_it(build, runtime, settings, version, outcome, words):
    vendor = runtime(version, **settings)
    found = stages(selftest(build(), simulate=False, threads=1))
    assert found[FLOAT].outcome == "good"
    assert found[DEVICE["float"]].outcome == outcome
    assert words in found[DEVICE["float"]].reason
    assert vendor.VDevice.open_devices == 0


def test_no_runtime_is_no_fault(build):
    result = selftest(build(), simulate=False, threads=1)
    assert stages(result)[DEVICE["float"]].outcome == "not run"
    assert result.device.absent
    assert [check.verdict for check in result.device.checks] == ["missing"]
    assert not result.broken


def test_no_hef_no_device_is_looked_for(build):
    assert selftest(build(hef=False), simulate=False, threads=1).device is None


def test_a_hef_without_its_record_is_told(build, runtime):
    runtime()
    folder = build()
    sidecar_path(folder / "net.hef").write_text("{")
    found = stages(selftest(folder, simulate=False, threads=1))
    assert found[DEVICE["float"]].outcome == "broken"
    assert "damaged" in found[DEVICE["float"]].reason


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
    found = stages(selftest(tmp_path, threads=1))
    assert found[SIMULATED].outcome == "not run"
    assert [found[name].outcome for name in (FLOAT, *DEVICE.values())] == ["good"] * 3


def test_segments_and_columns(tmp_path, runtime, contract, graph):
    runtime()
    graph(tmp_path / "net.onnx", contract())
    for model in save_segments(tmp_path, contract()):
        write_sidecar(save_hef(model, code_type="UINT16"), OpenedGraph.read(model))
    graph(tmp_path / "wide.onnx", contract(streams=4))
    result = selftest(tmp_path, simulate=False, threads=1)
    assert [net.name for net in result.nets] == ["net", "wide"]
    assert [stages(result)[name].outcome for name in (SEGMENTS, *DEVICE.values())] == ["good"] * 3
    assert selftest(tmp_path / "net.segment_2.hef", simulate=False, threads=1).nets == result.nets[:1]


def test_a_calibration_set_of_another_window_is_not_taken(build, runtime, tmp_path_factory):
    runtime()
    folder = build(hef=False)
    other = save_net(tmp_path_factory.mktemp("other") / "other.onnx", window_frames=49)
    soundfile.write(other.parent / "voice.wav", babble(2.0, 0), 8000)
    calibrate_graph(OpenedGraph.read(other), other.parent, folder / "calib.npz", Draw(4))
    np.savez(folder / "else.npz", a=np.zeros(3))
    found = stages(selftest(folder, threads=1))[SIMULATED]
    assert found.outcome == "not run"
    assert "calibrate again with this model" in found.reason


def test_nothing_to_test(tmp_path):
    with pytest.raises(InputError, match="found no ONNX file and no HEF"):
        selftest(tmp_path)
    with pytest.raises(InputError, match="found no ONNX file and no HEF"):
        selftest(tmp_path / "none.onnx")


def test_files_can_be_moved_together(build, runtime, tmp_path_factory):
    runtime()
    folder = tmp_path_factory.mktemp("there") / "build"
    shutil.copytree(build(), folder)
    assert not selftest(folder, simulate=False, threads=1).broken
