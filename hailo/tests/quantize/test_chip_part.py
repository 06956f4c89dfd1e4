"""The chip part alone: calibrated with what the host's encoder computes, simulated between float ends."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest

from tasnet2hef.base.errors import GraphError
from tasnet2hef.quantize.bench import Bench, Run, pack, score_run
from tasnet2hef.quantize.calibration.calibrate import calibrate_graph
from tasnet2hef.quantize.calibration.calibration_set import open_calibration
from tasnet2hef.quantize.calibration.window_draw import Draw
from tasnet2hef.quantize.model_scores import choose_evaluation
from tasnet2hef.quantize.number_format import A8_W8, A16_W16, FLOAT
from tasnet2hef.quantize.options import SimulationOptions
from tasnet2hef.quantize.score import Scorer, relative_noise
from tasnet2hef.quantize.simulate import simulate_graph
from tasnet2hef.quantize.simulator import Preparation, Simulator, prepare
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.runtime.hailort.graphs import save_parts
from tests.runtime.hailort.test_backend import speech_frames


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory, recordings: Path) -> Path:
    """Return a folder with the three parts and both calibration sets, drawn from the same windows."""
    folder = tmp_path_factory.mktemp("parts")
    _, chip, _ = save_parts(folder)
    for graph in (folder / "net.onnx", chip):
        calibrate_graph(OpenedGraph.read(graph), recordings, graph.with_suffix(".calib.npz"), Draw(6, mixed=2))
    return folder


@pytest.fixture(scope="module")
def chip_simulator(build: Path) -> Simulator:
    graph = OpenedGraph.read(build / "net.chip_part.onnx")
    return prepare(graph, open_calibration(build / "net.chip_part.calib.npz"), Preparation(threads=1))


def test_the_set_holds_what_the_whole_graphs_encoder_computes(build: Path) -> None:
    model = onnx.shape_inference.infer_shapes(onnx.load(build / "net.onnx"))
    model.graph.output.extend(value for value in model.graph.value_info if value.name == "encoder")
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    frames = np.load(build / "net.calib.npz")["input_layer1"]
    encoded = np.load(build / "net.chip_part.calib.npz")["input_layer1"]
    assert encoded.shape == (6, 999, 1, 16)
    for window, taken in zip(frames, encoded, strict=True):
        (expected,) = session.run(["encoder"], {"frames": window.transpose(2, 0, 1)[None]})
        np.testing.assert_allclose(taken, expected[0].transpose(1, 2, 0), rtol=0, atol=1e-6)


def test_without_rounding_it_is_the_whole_graph(build: Path, chip_simulator: Simulator) -> None:
    whole = OnnxRuntimeBackend(build / "net.onnx", 1)
    frames = speech_frames(whole)
    expected = whole.run(frames)
    error = np.abs(chip_simulator.float_backend().run(frames) - expected).max()
    assert error < 2e-6 * np.abs(expected).max(), f"largest difference {error}"


def test_host_layers_are_no_borders_and_more_bits_lose_less(build: Path, chip_simulator: Simulator) -> None:
    names = {name for border in chip_simulator.borders for name in border.original_names}
    assert names.isdisjoint({"frames", "source_1/masked", "source_1/decoder"})
    assert next(border.tensor for border in chip_simulator.borders) == "encoder", "the input, which has 8 bits"
    whole = OnnxRuntimeBackend(build / "net.onnx", 1)
    frames = speech_frames(whole)
    expected = whole.run(frames).reshape(2, -1)
    eight, sixteen = (
        10 * np.log10(relative_noise(expected, chip_simulator.backend(default=mode).run(frames).reshape(2, -1)))
        for mode in (A8_W8, A16_W16)
    )
    assert -60 < eight < -10
    assert sixteen < eight - 20


def test_simulate_writes_a_script_in_the_chips_own_names(build: Path, tmp_path: Path) -> None:
    graph = OpenedGraph.read(build / "net.chip_part.onnx")
    options = SimulationOptions(precisions={"conv1": "a16_w16"}, quick=True, windows=2)
    report = simulate_graph(graph, build / "net.chip_part.calib.npz", None, tmp_path, options)
    assert any("2 windows of the shipped speech" in note for note in report.notes)
    (line,) = [each for each in report.alls.read_text().splitlines() if each.startswith("quantization_param")]
    assert line == "quantization_param(conv1, precision_mode=a16_w16)"
    assert graph.net["conv1"].original_names == ("bottleneck",)


def test_another_process_has_the_hosts_parts_without_their_files(build: Path, tmp_path: Path) -> None:
    for part in build.glob("net.*"):
        shutil.copy(part, tmp_path)
    calibration = open_calibration(tmp_path / "net.chip_part.calib.npz")
    simulator = prepare(OpenedGraph.read(tmp_path / "net.chip_part.onnx"), calibration, Preparation(threads=1))
    evaluation = choose_evaluation(None, calibration, simulator, 2)
    bench = Bench(simulator, Scorer(evaluation.windows, simulator.float_backend()))
    packed = pack(bench)
    for part in tmp_path.glob("net.*"):
        part.unlink()
    assert score_run(Run("int8"), packed) == bench.score(Run("int8"))
    assert score_run(Run("float", default=FLOAT), packed).noise == 0


def test_a_set_of_other_weights_is_refused(build: Path, tmp_path: Path) -> None:
    _, chip, _ = save_parts(tmp_path, seed=1)
    with pytest.raises(GraphError, match=r"found the encoder's output of net.chip_part.onnx"):
        prepare(OpenedGraph.read(chip), open_calibration(build / "net.chip_part.calib.npz"))


def test_a_part_of_the_host_is_refused(build: Path, recordings: Path, tmp_path: Path) -> None:
    for name in ("host_encoder", "host_decoder"):
        graph = OpenedGraph.read(build / f"net.{name}.onnx")
        with pytest.raises(GraphError, match=r"runs on the host, expected .* NAME.chip_part.onnx"):
            calibrate_graph(graph, recordings, tmp_path / "calib.npz", Draw(2, mixed=1))


def test_without_the_hosts_encoder_there_is_nothing_to_calibrate_with(
    build: Path, recordings: Path, tmp_path: Path
) -> None:
    shutil.copy(build / "net.chip_part.onnx", tmp_path)
    graph = OpenedGraph.read(tmp_path / "net.chip_part.onnx")
    with pytest.raises(GraphError, match=r"net.host_encoder.onnx: found nothing"):
        calibrate_graph(graph, recordings, tmp_path / "calib.npz", Draw(2, mixed=1))
