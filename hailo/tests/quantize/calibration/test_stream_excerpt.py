"""What a chunk in mid-stream is given: held against one run over all of it, and against a longer stream."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasnet2hef.base.graph_contract import INPUT_NAME
from tasnet2hef.quantize.calibration.stream_excerpt import chunks_before, excerpt_samples, last_chunk
from tasnet2hef.runtime.backends.onnxruntime import OnnxRuntimeBackend
from tests.quantize.causal_net import hidden, save_causal
from tests.quantize.small_net import babble

PAST_ROWS = (2, 4)
CLOSE = {"rtol": 0, "atol": 2e-6}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("causal")


def _backend(folder: Path, chunk: int, padding: int = 0) -> OnnxRuntimeBackend:
    path = folder / f"{chunk}_{padding}.onnx"
    return OnnxRuntimeBackend(
        path if path.is_file() else save_causal(path, chunk, encoder_padding=padding), threads=1
    )


def _hidden_rows(folder: Path, samples: np.ndarray, padding: int) -> list[np.ndarray]:
    """Run a whole clip as one chunk from silence on; return each block's hidden rows ``[row, channel]``."""
    heard = np.concatenate([np.zeros(padding, np.float32), samples])
    frames = (len(heard) - 16) // 8 + 1
    model = onnx.load(str(save_causal(folder / "whole.onnx", frames)))
    model.graph.output.extend(onnx.ValueInfoProto(name=hidden(block)) for block in range(2))
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    cut = heard[: (frames + 1) * 8].reshape(frames + 1, 8)
    feeds = {port.name: np.zeros(port.shape, np.float32) for port in session.get_inputs()}
    feeds[INPUT_NAME] = np.ascontiguousarray(cut.T)[None, :, :, None]
    return [rows[0, :, :, 0].T for rows in session.run([hidden(0), hidden(1)], feeds)]


@pytest.mark.slow
@given(chunk=st.integers(1, 20), padding=st.sampled_from([0, 3, 8]), seed=st.integers(0, 99))
def test_past_rows_are_those_of_a_run_over_the_whole_excerpt(
    folder: Path, chunk: int, padding: int, seed: int
) -> None:
    backend = _backend(folder, chunk, padding)
    samples = excerpt_samples(backend.contract)
    excerpt = babble(samples / 8000, seed)
    assert len(excerpt) == samples
    inputs = last_chunk(backend, excerpt)
    first = chunks_before(backend.contract) * chunk
    heard = np.concatenate([np.zeros(padding, np.float32), excerpt])
    np.testing.assert_array_equal(inputs[INPUT_NAME].reshape(-1), heard[first * 8 : (first + chunk + 1) * 8])
    for block, rows in enumerate(_hidden_rows(folder, excerpt, padding)):
        expected = np.pad(rows[:first], ((4, 0), (0, 0)))[-PAST_ROWS[block] :]
        np.testing.assert_allclose(inputs[f"tcn_0{block}/state"][:, 0], expected, **CLOSE)


@pytest.mark.slow
@given(chunk=st.integers(1, 20), more=st.integers(1, 9), seed=st.integers(0, 99))
def test_an_excerpt_is_long_enough_and_no_longer(folder: Path, chunk: int, more: int, seed: int) -> None:
    backend = _backend(folder, chunk)
    hop = 8 * chunk
    samples = excerpt_samples(backend.contract)
    stream = np.random.default_rng(seed).normal(0, 0.1, samples + more * hop).astype(np.float32)
    whole, excerpt = last_chunk(backend, stream), last_chunk(backend, stream[-samples:])
    for name, rows in whole.items():
        np.testing.assert_allclose(excerpt[name], rows, **CLOSE)
    short = last_chunk(backend, stream[-samples + hop :])
    assert max(np.abs(short[name] - rows).max() for name, rows in whole.items()) > 1e-4


def test_a_window_is_its_own_excerpt(folder: Path) -> None:
    contract = replace(_backend(folder, 4).contract, stateful=False)
    assert excerpt_samples(contract) == contract.window_samples
