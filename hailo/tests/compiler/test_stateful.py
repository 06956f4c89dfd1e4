"""A graph with a state, compiled to the end on the stand-in: an array an input, every output compared."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tasnet2hef.base.errors import GraphError
from tasnet2hef.compiler.driver import situation_of
from tasnet2hef.compiler.inputs import read_inputs
from tasnet2hef.compiler.options import CompileOptions
from tasnet2hef.quantize.calibration.calibrate import calibrate_graph
from tasnet2hef.quantize.calibration.window_draw import Draw
from tasnet2hef.target.failures.next_commands import EXPORT_SHORTER
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.compiler.conftest import Bench
from tests.quantize.causal_net import save_causal
from tests.quantize.small_net import babble


@pytest.fixture
def stream_bench(bench: Bench, tmp_path: Path) -> Bench:
    (tmp_path / "speech").mkdir()
    soundfile.write(tmp_path / "speech" / "voice.wav", babble(1.0, 3), 8000)
    graph = save_causal(tmp_path / "causal.onnx")
    calibrate_graph(OpenedGraph.read(graph), tmp_path / "speech", tmp_path / "calib.npz", Draw(6))
    return dataclasses.replace(bench, model=graph, calibration=tmp_path / "calib.npz")


@pytest.mark.slow
def test_a_hef_comes_out(stream_bench: Bench) -> None:
    report = stream_bench.compile()
    assert report.outcome == "done", report.to_json()
    levels = {each.mode: each.agreement_db for each in report.emulator}
    assert levels["native"] == levels["optimised"] == 200.0, "sources and states, found by their nodes"
    assert levels["quantised"] is not None
    assert 25 < levels["quantised"] < 33, "noise of 0.03 is 30.5 dB down; the worst of four outputs"
    assert report.agreement is not None
    assert report.agreement.complete, report.agreement.differences
    assert report.notes == ()


@pytest.mark.slow
def test_the_compiler_may_number_its_inputs_otherwise(
    stream_bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_RENAME", "input_layer3=input_layer17")
    report = stream_bench.compile()
    assert report.outcome == "done", report.to_json()
    assert report.emulator[0].agreement_db == 200.0


def test_the_next_command_keeps_the_state(stream_bench: Bench, bench: Bench) -> None:
    def shorter(model: Path, calibration: Path) -> str:
        inputs = read_inputs(OpenedGraph.read(model), calibration, None, "hailo8")
        return situation_of(inputs, CompileOptions()).fill(EXPORT_SHORTER)

    assert " --stateful --chunk 2 --hw " in shorter(stream_bench.model, stream_bench.calibration)
    assert " --seconds 0.05 --hw " in shorter(bench.model, bench.calibration)


def test_only_its_own_set_will_do(stream_bench: Bench, calibration: Path, tmp_path: Path) -> None:
    with pytest.raises(GraphError, match="found 1 arrays, expected 3: one for each input"):
        read_inputs(OpenedGraph.read(stream_bench.model), calibration, None, "hailo8")
    other = save_causal(tmp_path / "other.onnx", seed=1)
    with pytest.raises(GraphError, match=r"found past rows of causal.onnx"):
        read_inputs(OpenedGraph.read(other), stream_bench.calibration, None, "hailo8")


def test_own_arrays_go_by_their_names(stream_bench: Bench) -> None:
    with np.load(stream_bench.calibration) as stored:
        arrays = {name: stored[name] for name in stored.files if name.startswith("input_layer")}
    own = stream_bench.folder / "own.npz"
    np.savez(own, **dict(reversed(arrays.items())))
    inputs = read_inputs(OpenedGraph.read(stream_bench.model), own, None, "hailo8")
    assert sorted(inputs.arrays) == sorted(arrays)
    assert "holds no tasnet2hef metadata" in inputs.notes[0]
