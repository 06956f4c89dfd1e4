"""Calibration sets and the simulation of a graph with a state."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tasnet2hef.base.errors import AudioError, GraphError, InputError
from tasnet2hef.quantize.calibration.calibrate import calibrate_graph
from tasnet2hef.quantize.calibration.calibration_set import METADATA_ARRAY, open_calibration, require_fit
from tasnet2hef.quantize.calibration.stream_excerpt import last_chunk
from tasnet2hef.quantize.calibration.window_draw import Draw, draw_windows, find_recordings
from tasnet2hef.quantize.number_format import A16_W16
from tasnet2hef.quantize.options import SimulationOptions
from tasnet2hef.quantize.score import relative_noise
from tasnet2hef.quantize.simulate import simulate_graph
from tasnet2hef.quantize.simulator import Preparation, Simulator, prepare
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.speech_windows import separate_clips
from tasnet2hef.runtime.stream.chunks import ChunkStream
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.causal_net import save_causal
from tests.quantize.small_net import babble

LAYERS = {"input_layer1": (5, 1, 8), "input_layer2": (2, 1, 12), "input_layer3": (4, 1, 12)}
STATES = {"input_layer2": "tcn_00/state", "input_layer3": "tcn_01/state"}


@pytest.fixture(scope="module")
def causal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_causal(tmp_path_factory.mktemp("causal") / "causal.onnx")


@pytest.fixture(scope="module")
def causal_set(causal: Path, recordings: Path) -> Path:
    path = causal.with_name("calib.npz")
    calibrate_graph(OpenedGraph.read(causal), recordings, path, Draw(64))
    return path


@pytest.fixture(scope="module")
def simulated(causal: Path, causal_set: Path) -> Simulator:
    return prepare(OpenedGraph.read(causal), open_calibration(causal_set), Preparation(threads=1))


def test_every_input_layer_has_its_array(causal: Path, causal_set: Path, recordings: Path) -> None:
    backend = OnnxRuntimeBackend(causal, 1)
    excerpts = draw_windows(find_recordings(recordings)[0], backend.contract, Draw(64))
    with np.load(causal_set) as stored:
        assert stored.files == [*LAYERS, METADATA_ARRAY]
        arrays = {name: stored[name] for name in LAYERS}
    assert {name: array.shape for name, array in arrays.items()} == {n: (64, *s) for n, s in LAYERS.items()}
    for number, excerpt in enumerate(excerpts):
        inputs = last_chunk(backend, excerpt)
        np.testing.assert_array_equal(arrays["input_layer1"][number], inputs["frames"])
        for layer, state in STATES.items():
            np.testing.assert_array_equal(arrays[layer][number], inputs[state])


def test_stored_rows_give_the_streams_own_sources(causal: Path, causal_set: Path, recordings: Path) -> None:
    backend = OnnxRuntimeBackend(causal, 1)
    (excerpt,) = draw_windows(find_recordings(recordings)[0], backend.contract, Draw(1, seed=3))
    calibrate_graph(OpenedGraph.read(causal), recordings, causal_set.with_name("one.npz"), Draw(1, seed=3))
    (inputs,) = open_calibration(causal_set.with_name("one.npz")).inputs()
    memory = {state: inputs[layer].transpose(2, 0, 1)[None] for layer, state in STATES.items()}
    sources, _ = backend.run_step(inputs["input_layer1"].reshape(5, 8), memory)
    streamed = ChunkStream(backend).feed(excerpt)[:, -24:]  # rows 1 to 4 of the chunk; its first waits for others
    np.testing.assert_allclose(sources[:, 1:4].reshape(2, -1), streamed, rtol=0, atol=2e-6)


def test_ranges_cover_what_a_stream_produces(causal: Path, causal_set: Path, recordings: Path) -> None:
    backend = OnnxRuntimeBackend(causal, 1)
    memory = backend.empty_memory()
    seen: dict[str, list[np.ndarray]] = {state: [] for state in memory}
    for recording in find_recordings(recordings)[0]:
        heard = soundfile.read(recording.path, dtype="float32")[0]
        for start in range(0, len(heard) - 40, 32):
            _, memory = backend.run_step(heard[start : start + 40].reshape(5, 8), memory)
            for state, rows in memory.items():
                seen[state].append(rows)
    with np.load(causal_set) as stored:
        for layer, state in STATES.items():
            low, high = stored[layer].min(), stored[layer].max()
            streamed = np.stack(seen[state])
            assert np.mean((streamed < low) | (streamed > high)) < 1e-3
            assert high - low < 2.5 * np.ptp(streamed), "6 dB of level spread double the range, and no more"


def test_the_note_says_what_a_window_is(causal: Path, recordings: Path, tmp_path: Path) -> None:
    report = calibrate_graph(OpenedGraph.read(causal), recordings, tmp_path / "c.npz", Draw(4))
    assert "a chunk of 5 ms and the past rows that 2 chunks before it left: 0.01 s" in report.metadata.notes[-1]
    report_json = report.to_json()
    assert report_json["arrays"] == {name: [4, *shape] for name, shape in LAYERS.items()}
    assert report_json["bytes"] == 4 * 4 * (5 * 8 + 2 * 12 + 4 * 12)


def test_what_is_refused_leaves_nothing_behind(causal: Path, tmp_path: Path) -> None:
    soundfile.write(tmp_path / "silent.wav", np.zeros(8000), 8000)
    with pytest.raises(AudioError, match="silence: 4 of 4 windows"):
        calibrate_graph(OpenedGraph.read(causal), tmp_path, tmp_path / "c.npz", Draw(4))
    assert [path.name for path in tmp_path.iterdir()] == ["silent.wav"]


def _fit(calibration: Path, graph: Path) -> list[str]:
    return require_fit(open_calibration(calibration), OpenedGraph.read(graph))


def test_a_set_for_another_graph_is_refused(
    causal: Path, causal_set: Path, calibration: Path, recordings: Path, model: Path, tmp_path: Path
) -> None:
    assert _fit(causal_set, causal) == []
    other = save_causal(tmp_path / "other.onnx", seed=1)
    with pytest.raises(GraphError, match=r"found past rows of causal.onnx \(SHA-256 .*\), expected this model's"):
        _fit(causal_set, other)
    with pytest.raises(GraphError, match="found 1 arrays, expected 3: one for each input"):
        _fit(calibration, causal)
    with pytest.raises(GraphError, match="found 3 arrays, expected 1: one for each"):
        prepare(OpenedGraph.read(model), open_calibration(causal_set), Preparation(threads=1))
    longer = save_causal(tmp_path / "longer.onnx", 6)
    calibrate_graph(OpenedGraph.read(longer), recordings, tmp_path / "longer.npz", Draw(2))
    with pytest.raises(
        GraphError, match=r"found windows of \[7, 1, 8\] for input_layer1, expected the model's \[5, "
    ):
        _fit(tmp_path / "longer.npz", causal)


def test_a_users_own_arrays_go_by_their_names(causal: Path, tmp_path: Path) -> None:
    arrays = {name: np.zeros((3, *shape), np.float32) for name, shape in LAYERS.items()}
    np.savez(tmp_path / "own.npz", **arrays)
    assert "holds no tasnet2hef metadata" in _fit(tmp_path / "own.npz", causal)[0]
    np.savez(tmp_path / "misnamed.npz", frames=arrays.pop("input_layer1"), **arrays)
    with pytest.raises(
        GraphError, match="found arrays frames, input_layer2, input_layer3, expected input_layer1 a"
    ):
        _fit(tmp_path / "misnamed.npz", causal)


def test_nan_in_past_rows_is_found_when_it_is_read(causal: Path, tmp_path: Path) -> None:
    arrays = {name: np.zeros((3, *shape), np.float32) for name, shape in LAYERS.items()}
    arrays["input_layer3"][2, 1] = np.nan
    np.savez(tmp_path / "own.npz", **arrays)
    with pytest.raises(InputError, match="NaN or infinite samples in window 3"):
        prepare(OpenedGraph.read(causal), open_calibration(tmp_path / "own.npz"), Preparation(threads=1))


def test_unrounded_it_streams_as_the_graph_does(causal: Path, simulated: Simulator) -> None:
    clip = babble(0.4, 9)[None]
    expected = separate_clips(OnnxRuntimeBackend(causal, 1), clip)
    sources = separate_clips(simulated.float_backend(), clip)
    np.testing.assert_allclose(sources, expected, rtol=0, atol=2e-6)


def test_states_are_rounded_too(simulated: Simulator) -> None:
    backend = simulated.backend()
    memory = backend.empty_memory()
    heard = babble(0.2, 9)
    for start in range(0, len(heard) - 40, 32):
        _, memory = backend.run_step(heard[start : start + 40].reshape(5, 8), memory)
    for layer, rows in zip(("concat1", "concat2"), memory.values(), strict=True):
        scale = simulated.format(layer).scale
        assert np.ptp(rows) > 10 * scale
        np.testing.assert_allclose(rows / scale, np.round(rows / scale), rtol=0, atol=1e-3)


def test_agreement_over_a_stream(causal: Path, simulated: Simulator) -> None:
    clip = babble(0.4, 5)[None]
    exact = separate_clips(OnnxRuntimeBackend(causal, 1), clip)[0]
    noises_db = [
        -10 * np.log10(relative_noise(exact, separate_clips(backend, clip)[0]))
        for backend in (simulated.backend(), simulated.backend(default=A16_W16))
    ]
    assert 15 < noises_db[0] < 50
    assert noises_db[1] > noises_db[0] + 10


@pytest.mark.slow
@pytest.mark.parametrize("with_folder", [False, True])
def test_simulate_judges_a_stream(
    causal: Path, causal_set: Path, test_set: Path, tmp_path: Path, with_folder: bool
) -> None:
    graph = Path(shutil.copy(causal, tmp_path / "causal.onnx"))
    folder = test_set if with_folder else None
    report = simulate_graph(
        OpenedGraph.read(graph), causal_set, folder, options=SimulationOptions(quick=True, windows=4)
    )
    report_json = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert report_json["agreement_db"]["int8"] > 15
    assert report.alls.read_text().count("optimization_level")
    assert report.windows == (4 if with_folder else 1)
    assert any("stream of 0.026 s of the shipped speech" in note for note in report.notes) is not with_folder
