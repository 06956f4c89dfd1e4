"""A chain of the host's encoder, the chip's masks and the host's decoders: on ONNX Runtime and on the stand-in."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest
import soundfile

from tasnet2hef.audio.speech import speech_clip
from tasnet2hef.base.errors import DeviceError, DeviceRunError, GraphError
from tasnet2hef.runtime.backends.hailort.backend import HailoRtBackend
from tasnet2hef.runtime.backends.hailort.program import RunOptions
from tasnet2hef.runtime.backends.hailort.sidecar import sidecar_path
from tasnet2hef.runtime.backends.host_part import HostPart
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.backends.segments import SegmentChain, open_graph
from tasnet2hef.runtime.separate import separate_file
from tests.runtime.hailort.graphs import save_parts
from tests.runtime.hailort.test_backend import compiled, speech_frames, worst_db

EXACT_DB = 100.0
RANGES = {"encoder": 2.0, "masks/activation_1": 1.0, "masks/activation_2": 1.0}


def test_the_chain_on_the_cpu_equals_the_whole_graph(tmp_path: Path) -> None:
    parts = save_parts(tmp_path)
    whole = OnnxRuntimeBackend(tmp_path / "net.onnx", 1)
    frames = speech_frames(whole)
    for path in parts:
        chain = open_graph(path, 1)
        assert isinstance(chain, SegmentChain)
        assert worst_db(whole.run(frames), chain.run(frames)) >= EXACT_DB


@pytest.mark.parametrize("version", ["4.17.0", "4.23.0", "5.2.0"])
def test_the_hef_in_the_middle_equals_the_whole_graph(tmp_path: Path, runtime, version: str) -> None:
    vendor = runtime(version)
    _, chip, _ = save_parts(tmp_path)
    whole = OnnxRuntimeBackend(tmp_path / "net.onnx", 1)
    with HailoRtBackend(compiled(chip)) as backend:
        assert vendor.VDevice.open_devices == 1
        for number in range(2):
            frames = speech_frames(whole, number)
            assert worst_db(whole.run(frames), backend.run(frames)) >= EXACT_DB
    assert vendor.VDevice.open_devices == 0


def test_sixteen_bits_at_the_chips_border_are_near(tmp_path: Path, runtime) -> None:
    runtime()
    _, chip, _ = save_parts(tmp_path)
    whole = OnnxRuntimeBackend(tmp_path / "net.onnx", 1)
    frames = speech_frames(whole)
    hef = compiled(chip, code_type="UINT16", ranges=RANGES)
    with HailoRtBackend(hef, RunOptions(stream_format="quantised")) as backend:
        assert EXACT_DB > worst_db(whole.run(frames), backend.run(frames)) >= 60.0


def test_a_recording_through_the_device_equals_the_cpu(tmp_path: Path, runtime) -> None:
    runtime()
    _, chip, _ = save_parts(tmp_path)
    recording = tmp_path / "clip.wav"
    soundfile.write(recording, speech_clip(20000, 8000), 8000)
    reports = [
        separate_file(path, recording, tmp_path / name, sample_format="float32", threads=1)
        for name, path in (("whole", tmp_path / "net.onnx"), ("cpu", chip), ("device", compiled(chip)))
    ]
    whole, cpu, device = (np.stack([soundfile.read(path)[0] for path in report.outputs]) for report in reports)
    assert worst_db(whole, cpu) >= EXACT_DB
    assert worst_db(whole, device) >= EXACT_DB


def test_masks_that_stay_constant_are_no_speech(tmp_path: Path, runtime) -> None:
    """The host decodes speech even from constant masks, so that they themselves are watched."""
    runtime("4.17.0", fail={"job": ["HailoRTStreamAborted", ""]})
    _, chip, _ = save_parts(tmp_path)
    with HailoRtBackend(compiled(chip)) as backend:
        frames = speech_frames(backend)
        with pytest.raises(DeviceRunError, match="found every mask constant"):
            backend.run(frames)


def test_parts_of_another_export_are_refused(tmp_path: Path, runtime) -> None:
    runtime()
    encoder, chip, decoder = save_parts(tmp_path)
    hef = compiled(chip)
    (tmp_path / "other").mkdir()
    others = save_parts(tmp_path / "other", seed=1)
    shutil.copy(others[2], decoder)
    with pytest.raises(
        DeviceError, match=r"net.host_decoder.onnx: found segment 3 of 3 of export .*, expected 3 of"
    ):
        HailoRtBackend(hef)
    with pytest.raises(GraphError, match=r"net.host_decoder.onnx: found segment 3 of 3 of export"):
        open_graph(chip)
    encoder.unlink()
    with pytest.raises(GraphError, match=r"net.host_encoder.onnx: found nothing, expected an ONNX file"):
        HailoRtBackend(hef)


@pytest.mark.parametrize("changed", ["frames", "source_2"])
def test_a_part_that_contradicts_its_contract_is_refused(tmp_path: Path, runtime, changed: str) -> None:
    runtime()
    encoder, chip, decoder = save_parts(tmp_path)
    path = encoder if changed == "frames" else decoder
    model = onnx.load(path)
    for names in (each for node in model.graph.node for each in (node.input, node.output)):
        names[:] = ["other" if name == changed else name for name in names]
    for port in (*model.graph.input, *model.graph.output):
        port.name = "other" if port.name == changed else port.name
    onnx.save(model, path)
    with pytest.raises((DeviceError, GraphError), match=rf"{path.name}: found .*other.*expected") as refusal:
        HailoRtBackend(compiled(chip))
    assert "\n" not in str(refusal.value)


def test_a_hef_by_another_name_is_refused(tmp_path: Path, runtime) -> None:
    runtime()
    _, chip, _ = save_parts(tmp_path)
    hef = compiled(chip)
    renamed = hef.rename(tmp_path / "first.hef")
    sidecar_path(hef).rename(sidecar_path(renamed))
    with pytest.raises(DeviceError, match=r"by another name, expected NAME.chip_part.hef"):
        HailoRtBackend(renamed)


def test_the_whole_nets_hef_points_to_the_chip_part(tmp_path: Path) -> None:
    _, chip, _ = save_parts(tmp_path)
    compiled(chip)
    with pytest.raises(DeviceError, match=r"net.hef: found nothing, expected a HEF; give net.chip_part.hef"):
        HailoRtBackend(tmp_path / "net.hef")


def test_the_hef_of_a_hosts_part_is_refused(tmp_path: Path, runtime) -> None:
    runtime()
    encoder, _, _ = save_parts(tmp_path)
    with pytest.raises(DeviceError, match="runs on the host, expected that of the chip part"):
        HailoRtBackend(compiled(encoder))


def test_a_hosts_part_computes_what_its_graph_does(tmp_path: Path) -> None:
    encoder, _, _ = save_parts(tmp_path)
    part = HostPart(encoder, 1)
    assert (part.inputs, part.outputs) == ({"frames": (1000, 1, 8)}, {"encoder": (999, 1, 16)})
    frames = speech_frames(OnnxRuntimeBackend(tmp_path / "net.onnx", 1))
    assert part.run({"frames": frames})["encoder"].shape == (999, 1, 16)
