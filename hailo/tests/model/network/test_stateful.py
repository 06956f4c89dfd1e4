"""Chunks of a causal net equal the whole file."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from tasnet2hef.audio.speech import speech_clip
from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.parity import compare_sources
from tasnet2hef.model.checkpoint import from_module
from tasnet2hef.model.export import ExportOptions, export_checkpoint
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tasnet2hef.runtime.stream.chunks import ChunkStream
from tasnet2hef.runtime.stream.streamer import make_streamer
from tests.random_weights import random_reference, small_spec

EXACT_DB = 100.0
CLIP_SAMPLES = 4011
"""Twelve of the longest chunks and a rest, and many times what the net looks back."""
CAUSAL: list[dict[str, object]] = [
    {"norm_type": "bN"},
    {"norm_type": "cLN"},
    {"norm_type": "cLN", "conv_kernel_size": 2, "kernel_size": 20, "stride": 7},
    {"norm_type": "bN", "skip_chan": None},
    {"norm_type": "bN", "encoder_padding": 8},
    {"norm_type": "cLN", "encoder_activation": "swish", "mask_act": "relu"},
    {"norm_type": "bN", "bottleneck_norm": "cLN", "encoder_bias": True, "decoder_bias": True},
    {"norm_type": "cLN", "decoder_bias": True, "kernel_size": 20, "stride": 7, "depthwise_norm": "identity"},
]


def _backend(path: Path, chunk: int, residual: str = "separate", **spec: object) -> OnnxRuntimeBackend:
    checkpoint = from_module(random_reference(small_spec(**{"causal": True, **spec})))
    export_checkpoint(checkpoint, path, ExportOptions(chunk_frames=chunk, residual=residual))
    return OnnxRuntimeBackend(path, threads=1)


def _followed_by_silence(clip: np.ndarray, **spec: object) -> np.ndarray:
    reference = random_reference(small_spec(causal=True, **spec))
    with torch.no_grad():
        separated: np.ndarray = reference(torch.from_numpy(np.pad(clip, (0, 4096)))[None])[0].numpy()
    return separated[:, : len(clip)]


@pytest.mark.slow
@pytest.mark.parametrize("chunk", [1, 5, 40])
@pytest.mark.parametrize("spec", CAUSAL, ids=str)
def test_chunk_by_chunk_equals_the_whole_file(tmp_path: Path, spec: dict[str, object], chunk: int) -> None:
    stream = make_streamer(_backend(tmp_path / "net.onnx", chunk, **spec))
    assert isinstance(stream, ChunkStream)
    clip = speech_clip(CLIP_SAMPLES, 8000)
    parts = [stream.feed(clip[at : at + 333]) for at in range(0, len(clip), 333)]
    streamed = np.concatenate([*parts, stream.flush()], axis=1)
    assert compare_sources("", _followed_by_silence(clip, **spec), streamed).db >= EXACT_DB


def test_joint_states_stream_too(tmp_path: Path) -> None:
    stream = ChunkStream(_backend(tmp_path / "net.onnx", 16, "joint", norm_type="bN"))
    clip = speech_clip(4000, 8000)
    streamed = np.concatenate([stream.feed(clip), stream.flush()], axis=1)
    assert compare_sources("", _followed_by_silence(clip, norm_type="bN"), streamed).db >= EXACT_DB


def test_streams_share_a_backend(tmp_path: Path) -> None:
    backend = _backend(tmp_path / "net.onnx", 16, norm_type="cLN")
    first, second = ChunkStream(backend), ChunkStream(backend)
    clip = speech_clip(4000, 8000)
    halves = [(first.feed(clip[at : at + 500]), second.feed(clip[at : at + 500])) for at in range(0, 4000, 500)]
    assert all(np.array_equal(one, other) for one, other in halves)


def test_lag_is_one_chunk(tmp_path: Path) -> None:
    stream = ChunkStream(_backend(tmp_path / "net.onnx", 10, norm_type="bN"))
    assert stream.lag_samples == 9 * 8 + 16
    ready = 0
    for fed, sample in enumerate(speech_clip(500, 8000), start=1):
        ready += stream.feed(np.array([sample], np.float32)).shape[1]
        assert 0 <= fed - ready < stream.lag_samples
        assert len(stream._buffer) < 2 * stream.lag_samples


def test_an_empty_stream_is_empty(tmp_path: Path) -> None:
    stream = ChunkStream(_backend(tmp_path / "net.onnx", 10, norm_type="bN"))
    assert stream.flush().shape == (2, 0)


def test_past_rows_are_inputs_and_outputs(tmp_path: Path) -> None:
    backend = _backend(tmp_path / "net.onnx", 10, norm_type="bN")
    graph = onnx.load(tmp_path / "net.onnx").graph
    assert [port.name for port in graph.input] == ["frames", *(f"tcn_0{index}/state" for index in range(6))]
    assert [port.name for port in graph.output][2:] == [f"tcn_0{index}/next_state" for index in range(6)]
    rows = [backend.contract.state_shapes[f"tcn_0{index}/state"][2] for index in range(6)]
    assert rows == [2, 4, 8, 2, 4, 8]
    assert backend.contract.state_values == 12 * 28


@pytest.mark.parametrize(
    ("spec", "options", "message"),
    [
        ({"norm_type": "bN"}, {}, "found a net that looks ahead"),
        ({"norm_type": "gLN", "causal": True}, {}, "found a net that is causal with gLN norms"),
        ({"norm_type": "bN", "causal": True}, {"layout": "wide"}, "expected tall with 1 stream"),
        ({"norm_type": "bN", "causal": True}, {"streams": 2}, "expected tall with 1 stream"),
        ({"norm_type": "bN", "causal": True}, {"chunk_frames": 0}, "found 0 frames, expected 1 to 4096"),
    ],
    ids=str,
)
def test_what_cannot_keep_a_state_is_refused(
    tmp_path: Path, spec: dict[str, object], options: dict[str, object], message: str
) -> None:
    checkpoint = from_module(random_reference(small_spec(**spec)))
    with pytest.raises(OptionError, match=message):
        export_checkpoint(checkpoint, tmp_path / "net.onnx", ExportOptions(**{"chunk_frames": 8, **options}))


def test_a_stateful_graph_needs_no_joining(tmp_path: Path) -> None:
    backend = _backend(tmp_path / "net.onnx", 10, norm_type="bN")
    with pytest.raises(OptionError, match=r"overlap 0.5: found a stateful graph"):
        make_streamer(backend, overlap=0.5)
