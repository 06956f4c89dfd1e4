"""A net over several channels is a net over their interleaved samples: read, exported and run as one."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
from torch import Tensor
from torch.nn import functional

import tasnet2hef
from tasnet2hef.audio.samples import deinterleave, interleave
from tasnet2hef.audio.speech import speech_clip
from tasnet2hef.base.errors import AudioError, CheckpointError, OptionError
from tasnet2hef.base.parity import compare_sources
from tasnet2hef.model.checkpoint import load_checkpoint
from tasnet2hef.model.export import ExportOptions, export_file
from tasnet2hef.quantize.calibration.calibrate import calibrate_graph
from tasnet2hef.quantize.calibration.window_draw import Draw
from tasnet2hef.runtime.live.controls import Controls
from tasnet2hef.runtime.live.live import run_live
from tasnet2hef.runtime.live.options import LiveOptions
from tasnet2hef.runtime.separate import separate_file
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.model.checkpoint.comparison import assert_same_waveforms, speech_like
from tests.model.checkpoint.small_nets import saved

N, L, B, H, X, R, C = 12, 8, 6, 8, 3, 2, 2
SETTINGS: dict[str, object] = {"mask_act": "relu", "norm_type": "gLN", "sample_rate": 16000}


def stereo_weights(channels: int, seed: int = 5) -> dict[str, Tensor]:
    """Return a state dict with the names and shapes of Demucs v2's ConvTasNet."""
    draw = torch.Generator().manual_seed(seed)

    def drawn(*shape: int, scale: float = 1.0) -> Tensor:
        return scale * torch.randn(*shape, generator=draw) / max(1, shape[-2] if len(shape) > 1 else 1) ** 0.5

    state = {"encoder.conv1d_U.weight": drawn(N, channels, L), "separator.network.1.weight": drawn(B, N, 1)}
    norms = {"separator.network.0": N}
    for repeat in range(R):
        for block in range(X):
            net = f"separator.network.2.{repeat}.{block}.net"
            state |= {f"{net}.0.weight": drawn(H, B, 1), f"{net}.1.weight": drawn(1)}
            state |= {f"{net}.3.net.0.weight": drawn(H, 1, 3), f"{net}.3.net.1.weight": drawn(1)}
            state |= {f"{net}.3.net.3.weight": drawn(B, H, 1)}
            norms |= {f"{net}.2": H, f"{net}.3.net.2": H}
    for name, size in norms.items():
        state |= {f"{name}.gamma": 1 + drawn(1, size, 1, scale=0.3), f"{name}.beta": drawn(1, size, 1, scale=0.3)}
    mask, basis = drawn(C * N, B, 1), drawn(channels * L, N)
    return {**state, "separator.network.3.weight": mask, "decoder.basis_signals.weight": basis}


def separate_as_original(weights: dict[str, Tensor], masker: torch.nn.Module, mixture: Tensor) -> Tensor:
    """Separate ``[batch, channel, sample]`` as Demucs v2 does; its mask estimator sees no channels."""
    features = torch.relu(functional.conv1d(mixture, weights["encoder.conv1d_U.weight"], stride=L // 2))
    masked = (masker(features) * features[:, None]).flatten(0, 1)
    basis = weights["decoder.basis_signals.weight"].T.reshape(
        N, -1, L
    )  # channel-major, as est_source.view(.., ac, L)
    sources = functional.conv_transpose1d(masked, basis, stride=L // 2)
    sources = functional.pad(sources, (0, mixture.shape[-1] - sources.shape[-1]))
    return sources.unflatten(0, (len(mixture), C))


def _file(folder: Path, channels: int = 2) -> Path:
    return saved({"state": stereo_weights(channels), "epoch": 1}, folder / "net.th")


def _settings(channels: int = 2) -> dict[str, object]:
    return {**SETTINGS, "audio_channels": channels}


def _recording(path: Path, channels: int = 2, seconds: float = 1.5) -> tuple[Path, np.ndarray]:
    voice = speech_clip(int(seconds * 16000), 16000)
    samples = np.stack([np.roll(voice, 9 * number) * 0.7**number for number in range(channels)]).astype(np.float32)
    soundfile.write(path, samples.T, 16000, subtype="FLOAT")
    return path, samples


def test_it_is_a_question_whether_recordings_have_so_many_channels(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match=r"2 input channels \(stereo\), .*--set audio_channels=2"):
        load_checkpoint(_file(tmp_path), SETTINGS)
    with pytest.raises(CheckpointError, match=r"2 input channels \(stereo\)"):
        load_checkpoint(_file(tmp_path), {**SETTINGS, "audio_channels": 3})


@pytest.mark.parametrize("channels", [2, 3])
@pytest.mark.parametrize("samples", [1000, 1013])
def test_it_equals_the_original(channels: int, samples: int, tmp_path: Path) -> None:
    net = tasnet2hef.load(_file(tmp_path, channels), _settings(channels))
    mixture = torch.stack([speech_like(samples, seed) for seed in range(channels)], dim=1)
    with torch.no_grad():
        expected = separate_as_original(stereo_weights(channels), net.model.masker, mixture)
        assert expected.shape == (2, C, channels, samples)
        assert_same_waveforms(net(mixture), expected, at_least_db=100)
        assert_same_waveforms(net(mixture[0]), expected[0], at_least_db=100)
    with pytest.raises(AudioError, match=rf"expected \[{channels} channels, sample\]"):
        net(mixture[0, 0])


def test_samples_are_interleaved_and_back() -> None:
    samples = np.arange(12, dtype=np.float32).reshape(2, 3, 2)
    assert np.array_equal(deinterleave(interleave(samples), 3), samples)


def _export(folder: Path, **options: Any) -> Path:
    path = folder / "net.onnx"
    report = export_file(str(_file(folder)), path, ExportOptions(seconds=0.5, **options), _settings())
    assert report.contract.input_shape[1] == L  # a stride of 4 samples, of two channels each
    assert min(row.db for row in report.parity) >= 90
    return path


@pytest.mark.slow
@pytest.mark.parametrize("overlap", [0.0, 0.37])
def test_a_stereo_file_is_separated_into_stereo_files(overlap: float, tmp_path: Path) -> None:
    graph = _export(tmp_path)
    recording, samples = _recording(tmp_path / "mix.wav")
    report = separate_file(graph, recording, tmp_path / "out", overlap=overlap, raw_scale=True)
    sources = np.stack([soundfile.read(path, dtype="float32", always_2d=True)[0].T for path in report.outputs])
    assert sources.shape == (C, *samples.shape)
    assert report.audio_seconds == pytest.approx(1.5)
    if overlap == 0:  # the first window stands alone
        net = tasnet2hef.load(_file(tmp_path), _settings())
        window = round(report.window_seconds * 16000)
        with torch.no_grad():
            expected = net(torch.from_numpy(samples[:, :window]).contiguous()).numpy()
        rows = (expected.reshape(-1, window), sources[..., :window].reshape(-1, window))
        assert compare_sources("", *rows).db >= 90


def test_other_numbers_of_channels_are_refused(tmp_path: Path) -> None:
    graph = _export(tmp_path)
    mono, _ = _recording(tmp_path / "mono.wav", channels=1)
    with pytest.raises(AudioError, match="found 1 channels, expected 2"):
        separate_file(graph, mono, tmp_path / "out")
    with pytest.raises(AudioError, match="found 1 channels, expected 2"):
        calibrate_graph(OpenedGraph.read(graph), mono, tmp_path / "calib.npz", Draw(2))
    stereo, _ = _recording(tmp_path / "stereo.wav")
    with pytest.raises(OptionError, match="takes all together"):
        separate_file(graph, stereo, tmp_path / "out", channel=1)
    with pytest.raises(OptionError, match="references: found 2"):
        separate_file(graph, stereo, tmp_path / "out", references=[stereo, stereo])


def test_calibration_windows_are_interleaved(tmp_path: Path) -> None:
    graph = _export(tmp_path)
    stereo, _ = _recording(tmp_path / "stereo.wav")
    calibrate_graph(OpenedGraph.read(graph), stereo, tmp_path / "calib.npz", Draw(3, level_spread_db=0))
    frames = np.load(tmp_path / "calib.npz")["input_layer1"]
    left, right = deinterleave(frames.reshape(len(frames), -1), 2).swapaxes(0, 1)
    assert all(np.abs(left).sum(axis=1) > 0)
    assert np.abs(right[:, 9:-9] - 0.7 * left[:, :-18]).max() < 1e-3


def test_live_is_refused(tmp_path: Path) -> None:
    graph = _export(tmp_path)
    stereo, _ = _recording(tmp_path / "stereo.wav")
    options = LiveOptions(from_file=stereo, to_file=tmp_path / "out.wav")
    with pytest.raises(OptionError, match="a model over 2 channels, expected one"):
        run_live(graph, options, Controls(), lambda *_: lambda _: True)
