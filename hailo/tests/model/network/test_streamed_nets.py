"""Real nets in the streamers: what is streamed is compared with one window at a time, or with the whole file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from tasnet2hef.audio.speech import speech_clip
from tasnet2hef.base.parity import compare_sources
from tasnet2hef.model.checkpoint import from_module
from tasnet2hef.model.export import ExportOptions, export_checkpoint
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.stream.halo import HaloStream
from tasnet2hef.runtime.stream.streamer import Streamer
from tasnet2hef.runtime.stream.windows import WindowStream
from tests.random_weights import random_reference, small_spec

EXACT_DB = 100.0


def _backend(path: Path, options: ExportOptions, **spec: object) -> OnnxRuntimeBackend:
    checkpoint = from_module(random_reference(small_spec(**spec)))
    export_checkpoint(checkpoint, path, options)
    return OnnxRuntimeBackend(path, threads=1)


@pytest.mark.slow
@pytest.mark.parametrize("norm", ["gLN", "bN"])
@pytest.mark.parametrize("streams", [2, 8])
def test_a_file_through_columns_equals_one_window_at_a_time(tmp_path: Path, norm: str, streams: int) -> None:
    clip = speech_clip(20011, 8000)
    separated = []
    for width in (1, streams):
        options = ExportOptions(seconds=0.25, streams=width)
        stream = WindowStream(_backend(tmp_path / f"{width}.onnx", options, norm_type=norm))
        separated.append(np.concatenate([stream.feed(clip), stream.flush()], axis=1))
    assert compare_sources("", *separated).db >= EXACT_DB


STREAMING: list[dict[str, object]] = [
    {"norm_type": "bN"},
    {"norm_type": "cLN"},
    {"norm_type": "bN", "causal": True},
    {"norm_type": "cLN", "causal": True, "conv_kernel_size": 2},
    {"norm_type": "bN", "skip_chan": None, "kernel_size": 20, "stride": 7},
    {"norm_type": "bN", "encoder_padding": 8},
    {"norm_type": "bN", "encoder_padding": 8, "kernel_size": 17},
    {"norm_type": "bN", "encoder_padding": 8, "alignment": "window"},
    {"norm_type": "bN", "encoder_bias": True, "decoder_bias": True, "encoder_activation": "relu"},
    {"norm_type": "bN", "bottleneck_norm": "cLN", "depthwise_norm": "identity", "norm_eps": 1e-5},
]


def _whole(clip: np.ndarray, **spec: object) -> np.ndarray:
    """Separate a file at once with the original."""
    with torch.no_grad():
        separated: np.ndarray = random_reference(small_spec(**spec))(torch.from_numpy(clip)[None])[0].numpy()
    return separated


def _pieces(stream: Streamer, clip: np.ndarray, size: int) -> np.ndarray:
    parts = [stream.feed(clip[at : at + size]) for at in range(0, len(clip), size)]
    return np.concatenate([*parts, stream.flush()], axis=1)


@pytest.mark.slow
@pytest.mark.parametrize("streams", [1, 4])
@pytest.mark.parametrize("spec", STREAMING, ids=str)
def test_a_full_halo_equals_the_whole_file(tmp_path: Path, spec: dict[str, object], streams: int) -> None:
    backend = _backend(tmp_path / "net.onnx", ExportOptions(seconds=0.1, streams=streams), **spec)
    for samples in (40011, 40004, backend.contract.window_samples + 1):
        clip = speech_clip(samples, 8000)
        stream = HaloStream(backend)
        assert stream.is_exact
        assert compare_sources("", _whole(clip, **spec), _pieces(stream, clip, 997)).db >= EXACT_DB


def test_a_clip_of_one_window_or_less_than_a_frame(tmp_path: Path) -> None:
    backend = _backend(tmp_path / "net.onnx", ExportOptions(seconds=0.1), norm_type="bN")
    clip = speech_clip(backend.contract.window_samples, 8000)
    streamed = _pieces(HaloStream(backend), clip, 100)
    assert compare_sources("", _whole(clip, norm_type="bN"), streamed).db >= EXACT_DB
    assert _pieces(HaloStream(backend), clip[:10], 100).shape == (2, 10)
    assert _pieces(HaloStream(backend), clip[:0], 100).shape == (2, 0)


def test_a_short_clip_of_a_causal_net_is_exact_up_to_its_last_frame(tmp_path: Path) -> None:
    spec: dict[str, object] = {"norm_type": "cLN", "causal": True}
    backend = _backend(tmp_path / "net.onnx", ExportOptions(seconds=0.2), **spec)
    clip = speech_clip(700, 8000)
    whole, streamed = _whole(clip, **spec), _pieces(HaloStream(backend), clip, 90)
    assert compare_sources("", whole[:, :-16], streamed[:, :-16]).db >= EXACT_DB


def test_a_wider_halo_is_more_exact_and_costs_more(tmp_path: Path) -> None:
    backend = _backend(tmp_path / "net.onnx", ExportOptions(seconds=0.1), norm_type="bN")
    clip = speech_clip(16000, 8000)
    streams = [HaloStream(backend, halo) for halo in (0.0, 2.0, 6.0, "full")]
    decibels = [compare_sources("", _whole(clip, norm_type="bN"), _pieces(each, clip, 800)).db for each in streams]
    assert decibels == sorted(decibels)
    assert [each.windows for each in streams] == sorted(each.windows for each in streams)
    assert decibels[0] < 60
    assert decibels[-1] >= EXACT_DB
