"""One small net, recordings, a calibration set and a prepared simulator for all tests of simulation."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from tasnet2hef.quantize.calibration.calibrate import calibrate_graph
from tasnet2hef.quantize.calibration.calibration_set import open_calibration
from tasnet2hef.quantize.calibration.window_draw import Draw
from tasnet2hef.quantize.simulator import Preparation, Simulator, prepare
from tasnet2hef.runtime.backends.frames import frames_to_sources, window_to_frames
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import babble, save_net


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_net(tmp_path_factory.mktemp("net") / "small.onnx")


@pytest.fixture(scope="session")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("speech")
    for number in range(4):
        soundfile.write(folder / f"voice_{number}.wav", babble(1.5, number), 8000)
    return folder


@pytest.fixture(scope="session")
def calibration(model: Path, recordings: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("calibration") / "calib.npz"
    calibrate_graph(OpenedGraph.read(model), recordings, path, Draw(24, mixed=2))
    return path


@pytest.fixture(scope="session")
def test_set(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Mixtures that the net separates to 20 dB SI-SDR: its own sources, window by window, in noise."""
    folder = tmp_path_factory.mktemp("test_set")
    backend = OnnxRuntimeBackend(model, 1)
    size = backend.contract.window_samples
    for number in range(2):
        windows = babble(0.8, 10 + number)[: 7 * size].reshape(7, size)
        frames = [backend.run(window_to_frames(window, backend.contract)) for window in windows]
        sources = np.concatenate([frames_to_sources(each, backend.contract) for each in frames], axis=1)
        noise = np.random.default_rng(number).standard_normal(sources.shape) * sources.std(axis=1, keepdims=True)
        soundfile.write(folder / f"talk{number}_mixture.wav", windows.reshape(-1), 8000, subtype="FLOAT")
        for place, source in enumerate(sources + 0.1 * noise, start=1):
            soundfile.write(folder / f"talk{number}_source_{place}.wav", source, 8000, subtype="FLOAT")
    return folder


@pytest.fixture(scope="session")
def simulator(model: Path, calibration: Path) -> Simulator:
    return prepare(OpenedGraph.read(model), open_calibration(calibration), Preparation(threads=1))
