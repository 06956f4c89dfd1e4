"""A run against the stand-in that goes well: what is made, what is shown, what a second run does."""

from __future__ import annotations

import json

import pytest

from tests.compiler.conftest import Bench, FinishedRun


def test_a_hef_comes_out(finished: FinishedRun) -> None:
    report = finished.report
    assert report.outcome == "done", report.to_json()
    assert report.hef is not None
    assert b"STAND-IN FOR TESTS" in report.hef.path.read_bytes()
    assert report.hef.contexts == 1
    assert [record.stage for record in report.records] == [
        "versions",
        "translate",
        "optimize",
        "emulate",
        "compile",
    ]
    assert finished.calls == (
        "translate",
        "optimize",
        "emulate native",
        "emulate fp_optimized",
        "emulate quantized",
        "compile",
    )
    assert report.agreement is not None
    assert report.agreement.complete, report.agreement.differences
    json.dumps(report.to_json(), allow_nan=False)


def test_the_emulator_is_compared_with_onnx_runtime(finished: FinishedRun) -> None:
    report = finished.report
    levels = {each.mode: each.agreement_db for each in report.emulator}
    assert levels["native"] == levels["optimised"] == 200.0
    assert levels["quantised"] is not None
    assert 28 < levels["quantised"] < 33, "noise of 0.03 is 30.5 dB down"
    assert report.to_json()["first_disagreeing"] is None


@pytest.mark.slow
def test_a_second_run_makes_nothing_again(bench: Bench, finished: FinishedRun) -> None:
    bench.begin_at("compile", finished)
    first = bench.compile()
    calls = bench.calls()
    second = bench.compile()
    assert bench.calls() == calls
    assert [record.reused for record in second.records] == [False, True, True, True, True]
    assert first.hef is not None
    assert second.hef is not None
    assert first.hef.sha256 == second.hef.sha256


@pytest.mark.slow
def test_another_script_goes_back_to_the_optimisation_only(bench: Bench, finished: FinishedRun) -> None:
    bench.begin_at("compile", finished)
    script = bench.folder / "own.alls"
    script.write_text(
        "model_optimization_flavor(optimization_level=1)\nquantization_param(conv1, precision_mode=a16_w16)\n"
    )
    report = bench.compile(script=script)
    assert [record.stage for record in report.records if record.reused] == ["translate"]
    assert report.outcome == "done"


@pytest.mark.slow
def test_a_stage_whose_file_was_altered_is_made_again(bench: Bench, finished: FinishedRun) -> None:
    bench.begin_at("compile", finished)
    first = bench.compile()
    first.records[1].path(first.folder, "har").write_text("altered")
    assert [record.stage for record in bench.compile().records if not record.reused] == ["versions", "translate"]


@pytest.mark.slow
def test_differences_from_the_prediction_are_reported_and_saved(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STAND_IN_RENAME", "conv2=conv77")
    script = bench.folder / "own.alls"
    script.write_text("quantization_param(conv2, precision_mode=a16_w16)\n")
    report = bench.compile(script=script)
    assert report.outcome == "done"
    assert report.agreement is not None
    assert not report.agreement.complete
    saved = (report.folder / "agreement.md").read_text()
    assert "conv77.name: predicted conv2, recorded conv77" in saved
    assert "0.0.0-stand-in-for-tests" in saved
    job = json.loads((report.folder / report.records[2].log).with_name("job.json").read_text())
    assert "quantization_param(conv77," in job["script"], "the script is in the compiler's own names"
    assert any("layer conv2 is conv77" in note for note in report.notes)
