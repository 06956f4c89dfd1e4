"""A user's own windows are looked at: their level against the model's, and whether they differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tasnet2hef.quantize.calibration.calibration_set import open_calibration
from tasnet2hef.quantize.calibration.unrecorded import remarks_of
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.sign_split import make_contract, save_graph


@pytest.fixture
def remarks(tmp_path: Path) -> Callable[..., list[str]]:
    """Return the remarks on windows that a function makes of noise at 0 dBFS."""

    def make(change: Callable[[np.ndarray], np.ndarray], level_dbfs: float | None = -25.0) -> list[str]:
        graph = OpenedGraph.read(
            save_graph(tmp_path / "net.onnx", dataclasses.replace(make_contract(), input_level_dbfs=level_dbfs))
        )
        ((layer, shape),) = graph.window_shapes.items()
        noise = np.random.default_rng(0).standard_normal((8, *shape)).astype(np.float32)
        np.savez(tmp_path / "own.npz", **{layer: change(noise).astype(np.float32)})
        return remarks_of(open_calibration(tmp_path / "own.npz"), graph)

    return make


@pytest.mark.parametrize(
    ("gain_db", "words"), [(0.0, "25 dB above"), (-85.0, "60 dB below"), (-25.0, ""), (-13.0, ""), (-37.0, "")]
)
def test_the_level_is_compared_with_the_models(
    remarks: Callable[..., list[str]], gain_db: float, words: str
) -> None:
    found = remarks(lambda noise: noise * 10 ** (gain_db / 20))
    assert len(found) == bool(words)
    assert all(words in remark for remark in found)


def test_a_model_that_takes_any_level(remarks: Callable[..., list[str]]) -> None:
    assert remarks(lambda noise: noise, None) == []


def test_a_few_silent_windows_are_no_level(remarks: Callable[..., list[str]]) -> None:
    def with_pauses(noise: np.ndarray) -> np.ndarray:
        noise = noise * 10 ** (-25 / 20)
        noise[:3] = 0
        return noise

    assert remarks(with_pauses) == []


def test_windows_that_repeat_each_other(remarks: Callable[..., list[str]]) -> None:
    (found,) = remarks(lambda noise: np.repeat(noise[:1], 8, axis=0) * 10 ** (-25 / 20))
    assert "7 of 8 windows repeat another one" in found
