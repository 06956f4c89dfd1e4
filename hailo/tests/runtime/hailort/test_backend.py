from __future__ import annotations

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tasnet2hef.audio.speech import speech_clip
from tasnet2hef.base.errors import DeviceError
from tasnet2hef.base.parity import signal_to_error_db
from tasnet2hef.runtime.backends import StepBackend
from tasnet2hef.runtime.backends.frames import streams_to_frames
from tasnet2hef.runtime.backends.hailort.backend import HailoRtBackend
from tasnet2hef.runtime.backends.hailort.program import RunOptions
from tasnet2hef.runtime.backends.hailort.sidecar import sidecar_path, write_sidecar
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.backends.segments import SegmentChain
from tasnet2hef.runtime.stream.chunks import ChunkStream
from tasnet2hef.runtime.stream.streamer import make_streamer
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import save_net
from tests.runtime.hailort.graphs import save_segments, save_stateful
from tests.runtime.hailort.hefs import save_hef

EXACT_DB, QUANTISED_DB, WIDE_DB = 100.0, 30.0, 75.0
VERSIONS = ["4.17.0", "4.18.0", "4.23.0", "5.2.0"]


@pytest.fixture
def net(tmp_path: Path) -> Path:
    return save_net(tmp_path / "net.onnx", window_frames=999)


def compiled(model: Path, **options: object) -> Path:
    hef = save_hef(model, **options)  # type: ignore[arg-type]
    write_sidecar(hef, OpenedGraph.read(model), hardware="hailo8")
    return hef


def speech_frames(backend, number: int = 0) -> np.ndarray:
    contract = backend.contract
    count = contract.streams * contract.window_samples
    clips = speech_clip(count * (number + 1), contract.spec.sample_rate)[-count:].reshape(contract.streams, -1)
    return streams_to_frames(clips, contract)


def worst_db(expected: np.ndarray, sources: np.ndarray) -> float:
    return min(signal_to_error_db(a, b) for a, b in zip(expected, sources, strict=True))


def greatest(model: Path) -> dict[str, float]:
    """Return the ranges that calibration would find on the speech that the tests use."""
    backend = OnnxRuntimeBackend(model, 1)
    frames = speech_frames(backend)
    names = [f"source_{n}" for n in range(1, backend.contract.spec.n_src + 1)]
    peaks = [float(np.abs(source).max()) for source in backend.run(frames)]
    return {"frames": float(np.abs(frames).max()), **dict(zip(names, peaks, strict=True))}


@pytest.mark.parametrize("version", VERSIONS)
def test_equals_onnx_runtime_with_every_runtime(net, runtime, version):
    runtime(version)
    frames = speech_frames(OnnxRuntimeBackend(net, 1))
    with HailoRtBackend(compiled(net)) as backend:
        sources = backend.run(frames)
    assert worst_db(OnnxRuntimeBackend(net, 1).run(frames), sources) >= EXACT_DB


@pytest.mark.parametrize("version", ["4.17.0", "4.23.0"])
@pytest.mark.parametrize(("code_type", "floor_db"), [("UINT8", QUANTISED_DB), ("UINT16", WIDE_DB)])
def test_quantised_streams(net, runtime, version, code_type, floor_db):
    runtime(version)
    frames = speech_frames(OnnxRuntimeBackend(net, 1))
    hef = compiled(net, ranges=greatest(net), code_type=code_type)
    with HailoRtBackend(hef, RunOptions(stream_format="quantised")) as backend:
        sources = backend.run(frames)
    level = worst_db(OnnxRuntimeBackend(net, 1).run(frames), sources)
    assert floor_db <= level < EXACT_DB


@pytest.mark.parametrize(("layout", "streams"), [("tall", 1), ("wide", 1), ("tall", 4)])
def test_layouts_and_columns(tmp_path, runtime, contract, graph, layout, streams):
    runtime()
    model = graph(tmp_path / "net.onnx", contract(layout=layout, streams=streams), gains=(2, 3))
    frames = np.random.default_rng(0).standard_normal((100, 8 * streams)).astype(np.float32)
    with HailoRtBackend(compiled(model)) as backend:
        expected = np.stack([2 * np.maximum(frames, 0), 3 * np.minimum(frames, 0)])
        np.testing.assert_array_equal(backend.run(frames), expected)
        np.testing.assert_array_equal(backend.run(np.asfortranarray(frames)), expected)
        np.testing.assert_array_equal(backend.run(frames.astype(np.float64)), expected)


@pytest.mark.parametrize("chosen", ["float", "quantised"])
def test_chunks_with_past_rows(tmp_path, runtime, chosen):
    runtime()
    model = save_stateful(tmp_path / "net.onnx")
    clip = speech_clip(4001, 8000)
    hef = compiled(model, code_type="UINT16", ranges={"tcn_00/state": 2.0, "tcn_00/next_state": 2.0})
    with HailoRtBackend(hef, RunOptions(stream_format=chosen)) as backend:
        assert isinstance(backend, StepBackend)
        streams = [make_streamer(backend), make_streamer(OnnxRuntimeBackend(model, 1))]
        assert isinstance(streams[0], ChunkStream)
        sources, expected = (np.concatenate([each.feed(clip), each.flush()], axis=1) for each in streams)
    level = worst_db(expected, sources)
    assert level >= EXACT_DB if chosen == "float" else EXACT_DB > level >= 60.0


def test_two_streams_share_a_backend(tmp_path, runtime):
    runtime()
    model = save_stateful(tmp_path / "net.onnx")
    clips = [speech_clip(4000, 8000), -0.5 * speech_clip(8000, 8000)[4000:]]
    with HailoRtBackend(compiled(model)) as backend:
        streams = [make_streamer(backend) for _ in clips]
        pairs = list(zip(streams, clips, strict=True))
        parts = [[stream.feed(clip[at : at + 700]) for stream, clip in pairs] for at in range(0, 4000, 700)]
        parts.append([stream.flush() for stream in streams])
    for clip, pieces in zip(clips, zip(*parts, strict=True), strict=True):
        alone = make_streamer(OnnxRuntimeBackend(model, 1))
        expected = np.concatenate([alone.feed(clip), alone.flush()], axis=1)
        assert worst_db(expected, np.concatenate(pieces, axis=1)) >= EXACT_DB


@pytest.mark.parametrize("chosen", ["float", "quantised"])
@pytest.mark.parametrize("inputs", [1, 2])
def test_segments_share_a_device(tmp_path, runtime, contract, inputs, chosen):
    vendor = runtime()
    models = save_segments(tmp_path, contract())
    hefs = [compiled(model, code_type="UINT16") for model in models]
    chain = SegmentChain(models[0], 1)
    frames = speech_frames(chain)
    with HailoRtBackend(hefs[inputs - 1], RunOptions(stream_format=chosen)) as backend:
        assert vendor.VDevice.open_devices == 1
        assert backend.contract == chain.contract
        level = worst_db(chain.run(frames), backend.run(frames))
    assert level >= (EXACT_DB if chosen == "float" else 60.0)
    assert vendor.VDevice.open_devices == 0


def test_segments_must_be_of_one_export(tmp_path, runtime, contract):
    runtime()
    models = save_segments(tmp_path, contract())
    hefs = [compiled(model) for model in models]
    hefs[1].unlink()
    with pytest.raises(DeviceError, match=r"net.segment_2.hef: found nothing, expected a HEF"):
        HailoRtBackend(hefs[0])
    (tmp_path / "other").mkdir()
    other = compiled(save_segments(tmp_path / "other", contract(window_frames=49))[1])
    other.rename(hefs[1])
    sidecar_path(other).rename(sidecar_path(hefs[1]))
    with pytest.raises(DeviceError, match=r"found segment 2 of 2 of export abc, expected 2 of 2"):
        HailoRtBackend(hefs[0])
    renamed = hefs[0].rename(tmp_path / "first.hef")
    sidecar_path(hefs[0]).rename(sidecar_path(renamed))
    with pytest.raises(DeviceError, match=r"found segment 1 by another name"):
        HailoRtBackend(renamed)


def test_results_stay_the_callers(net, runtime):
    runtime()
    with HailoRtBackend(compiled(net)) as backend, HailoRtBackend(compiled(net)) as other:
        frames = [speech_frames(backend, number) for number in range(5)]
        kept = [backend.run(each) for each in frames]
        for each, sources in zip(frames, kept, strict=True):
            np.testing.assert_array_equal(sources, other.run(each).copy())


def test_frames_and_sources_are_the_devices_own_buffers(net, runtime):
    vendor = runtime(keep_bound=True)
    with HailoRtBackend(compiled(net)) as backend:
        frames = speech_frames(backend)
        sources = backend.run(frames)
        bound = vendor.infer_model.BOUND
        assert len(bound) == 3
        assert np.shares_memory(bound[0], frames)
        assert all(np.shares_memory(buffer, sources) for buffer in bound[1:])


def _write_something(inputs, outputs):
    for buffer in outputs.values():
        buffer.reshape(-1)[:2] = (0, 1)


@pytest.mark.parametrize("chosen", ["float", "quantised"])
def test_windows_allocate_nothing(net, runtime, chosen, monkeypatch):
    """Only the backend's own work is traced: the program behind it does nothing."""
    runtime()
    with HailoRtBackend(compiled(net), RunOptions(stream_format=chosen)) as backend:
        frames = speech_frames(backend)
        for segment in backend._segments:
            monkeypatch.setattr(segment._program, "run", _write_something)
        backend.run(frames)
        tracemalloc.start()
        for _ in range(20):
            backend.run(frames)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < frames.nbytes / 2
        assert backend._pool.buffers == 1


def test_without_the_scheduler_the_stand_in_gives_zeros(net, runtime, monkeypatch, tmp_path):
    """The pitfall is in the stand-in, so that the tests above prove that the backend avoids it."""
    monkeypatch.chdir(tmp_path)  # the runtime leaves its log in the current folder
    vendor = runtime()
    with vendor.VDevice() as device:
        model = device.create_infer_model(str(compiled(net)))
        for name in ("net/conv1", "net/conv2"):
            model.output(name).set_format_type(vendor.FormatType.FLOAT32)
        with model.configure() as configured:
            bindings = configured.create_bindings()
            bindings.input("net/input_layer1").set_buffer(np.ones((1000, 1, 8), np.uint8))
            outputs = [np.ones((1000, 1, 8), np.float32) for _ in range(2)]
            for name, buffer in zip(("net/conv1", "net/conv2"), outputs, strict=True):
                bindings.output(name).set_buffer(buffer)
            with pytest.raises(TypeError, match="timeout_ms"):
                configured.run([bindings], timeout_ms=1000)
            configured.run([bindings], 1000)
            assert not np.any(outputs)
            with pytest.raises(vendor.HailoRTException, match="C_CONTIGUOUS"):
                bindings.input("net/input_layer1").set_buffer(np.ones((8, 1, 1000), np.uint8).T)
            bindings.input("net/input_layer1").set_buffer(np.ones(8000, np.uint8))  # bytes count, shapes do not
            configured.run([bindings], 1000)
            bindings.input("net/input_layer1").set_buffer(np.ones((1000, 1, 8), np.float32))
            with pytest.raises(vendor.HailoRTException, match="Invalid operation"):
                configured.run([bindings], 1000)


def test_the_device_is_released(net, runtime):
    vendor = runtime()
    hef = compiled(net)
    backend = HailoRtBackend(hef)
    assert vendor.VDevice.open_devices == 1
    backend.close()
    backend.close()
    assert vendor.VDevice.open_devices == 0
    with pytest.raises(DeviceError, match="found it closed"):
        backend.run(speech_frames(backend))
    HailoRtBackend(hef)
    assert vendor.VDevice.open_devices == 0, "released with the object"
