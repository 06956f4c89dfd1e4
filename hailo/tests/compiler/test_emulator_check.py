"""Where a signal is lost: the emulator's results in their order, against ONNX Runtime."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from tasnet2hef.base.errors import GraphError
from tasnet2hef.compiler.emulator_check import (
    EmulatorResult,
    compare_modes,
    first_disagreeing,
    output_order,
    reference_outputs,
)
from tasnet2hef.compiler.inputs import CompileInputs, net_name, read_inputs
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.compiler.conftest import Bench, FinishedRun

OUTPUTS = ["n/conv8", "n/conv9"]
HN = {
    "layers": {
        "n/conv8": {"type": "conv", "original_names": ["source_2/decoder"], "input": []},
        "n/conv9": {"type": "conv", "original_names": ["source_1/decoder"], "input": []},
    }
}


@pytest.fixture
def inputs(bench: Bench) -> CompileInputs:
    return read_inputs(OpenedGraph.read(bench.model), bench.calibration, None, "hailo8")


def _emulated(path: Path, inputs: CompileInputs, order: list[str], quantised_gain: float = 1.0) -> Path:
    expected = reference_outputs(inputs)
    arrays = {}
    for step in ("native", "optimised", "quantised"):
        gain = quantised_gain if step == "quantised" else 1.0
        arrays |= {f"{step}.{number}": gain * expected[name] for number, name in enumerate(order)}
    np.savez(path, **arrays)
    return path


def test_outputs_are_found_by_their_nodes_not_by_their_order(inputs: CompileInputs, tmp_path: Path) -> None:
    assert output_order(inputs, OUTPUTS, HN) == ["source_2", "source_1"]
    path = _emulated(tmp_path / "emulated.npz", inputs, ["source_2", "source_1"])
    results = compare_modes(inputs, path, {"order": OUTPUTS, "errors": {}}, HN)
    assert [each.agreement_db for each in results] == [200.0, 200.0, 200.0]
    assert first_disagreeing(results) is None


def test_the_first_mode_that_disagrees_is_named(inputs: CompileInputs, tmp_path: Path) -> None:
    path = _emulated(tmp_path / "emulated.npz", inputs, ["source_2", "source_1"], quantised_gain=0.5)
    disagreeing = first_disagreeing(compare_modes(inputs, path, {"order": OUTPUTS, "errors": {}}, HN))
    assert disagreeing is not None
    assert disagreeing.mode == "quantised"
    assert disagreeing.agreement_db == pytest.approx(6.02, abs=0.01)


def test_a_mode_that_could_not_run_does_not_count_as_disagreeing(inputs: CompileInputs, tmp_path: Path) -> None:
    path = _emulated(tmp_path / "emulated.npz", inputs, ["source_2", "source_1"])
    errors = {"native": "ValueError: no such context"}
    results = compare_modes(inputs, path, {"order": OUTPUTS, "errors": errors}, HN)
    assert results[0] == EmulatorResult("native", None, "ValueError: no such context")
    assert first_disagreeing(results) is None


def test_outputs_of_another_size_are_reported(inputs: CompileInputs, tmp_path: Path) -> None:
    np.savez(tmp_path / "emulated.npz", **{"native.0": np.zeros((1, 2)), "native.1": np.zeros((1, 2))})
    native = compare_modes(inputs, tmp_path / "emulated.npz", {"order": OUTPUTS, "errors": {}}, HN)[0]
    assert native.agreement_db is None
    assert "found [1, 2], expected [4, 100, 1, 8]" in native.reason


def test_a_graph_that_onnx_runtime_refuses_is_reported(inputs: CompileInputs, tmp_path: Path) -> None:
    (tmp_path / "no.onnx").write_bytes(b"no graph")
    with pytest.raises(GraphError, match="ONNX Runtime can't run it"):
        reference_outputs(dataclasses.replace(inputs, model=tmp_path / "no.onnx"))


def test_an_input_without_an_array_is_reported(inputs: CompileInputs) -> None:
    with pytest.raises(GraphError, match="arrays other, more, expected 4 and an array each"):
        reference_outputs(dataclasses.replace(inputs, arrays=("other", "more")))


@pytest.mark.slow
def test_an_emulator_that_fails_does_not_stop_the_run(bench: Bench, finished: FinishedRun) -> None:
    bench.begin_at("emulate", finished)
    bench.fault("emulate native", "raise", "no native weights")
    report = bench.compile()
    assert report.outcome == "done"
    assert "no native weights" in report.emulator[0].reason
    bench.begin_at("emulate", finished, "again")
    bench.fault("emulate quantized", "segfault")
    again = bench.compile(output=bench.folder / "again.hef")
    assert again.outcome == "done"
    assert any("emulator: the vendor's program crashed" in note for note in again.notes)


@pytest.mark.slow
def test_the_bit_exact_mode_is_run_where_the_compiler_has_it(
    bench: Bench, finished: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert [each.mode for each in finished.report.emulator] == ["native", "optimised", "quantised"]
    for output in ("exact", "failed"):
        bench.begin_at("emulate", finished, output)
    monkeypatch.setenv("STAND_IN_BIT_EXACT", "1")
    report = bench.compile(output=bench.folder / "exact.hef")
    assert report.emulator[-1].mode == "bit exact"
    assert report.emulator[-1].agreement_db is not None
    assert 28 < report.emulator[-1].agreement_db < 33, "noise of 0.03 is 30.5 dB down"
    bench.fault("emulate bit_exact", "raise", "no such kernel")
    failed = bench.compile(output=bench.folder / "failed.hef")
    assert failed.outcome == "done"
    assert "no such kernel" in failed.emulator[-1].reason
    assert failed.emulator[-2].agreement_db is not None


def test_the_bit_exact_mode_is_compared_on_its_one_window(inputs: CompileInputs, tmp_path: Path) -> None:
    path = _emulated(tmp_path / "emulated.npz", inputs, ["source_2", "source_1"])
    expected = reference_outputs(inputs)
    with np.load(path) as archive:
        arrays = dict(archive)
    few = {f"bit exact.{number}": 0.5 * expected[name][:1] for number, name in enumerate(["source_2", "source_1"])}
    np.savez(path, **arrays, **few)
    disagreeing = first_disagreeing(compare_modes(inputs, path, {"order": OUTPUTS, "errors": {}}, HN))
    assert disagreeing is not None
    assert disagreeing.mode == "bit exact"
    assert disagreeing.agreement_db == pytest.approx(6.02, abs=0.01)


@pytest.mark.parametrize(
    ("name", "expected"), [("a-b.c.onnx", "a_b_c"), ("8k.onnx", "net_8k"), ("é.onnx", "net__")]
)
def test_names_that_the_compiler_takes(name: str, expected: str) -> None:
    assert net_name(Path(name)) == expected
