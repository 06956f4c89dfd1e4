"""Every gate: good, usable, broken, and at broken the one fix."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from tasnet2hef.base.agreement import BROKEN, GOOD, USABLE
from tasnet2hef.compiler.emulator_check import EmulatorResult
from tasnet2hef.compiler.report import CompileReport
from tasnet2hef.guide.decisions import KEEP, Decision
from tasnet2hef.guide.gates import check_gate, compile_gate, norm_gate, simulation_gate, speech_gate
from tasnet2hef.quantize.report import Figures, SimulationReport
from tasnet2hef.target.check import CheckReport, check_file
from tests.quantize.small_net import save_net
from tests.report.compile_reports import done_run, failed_run
from tests.train.norm_reports import norm_report

FIX = "tasnet2hef go my_model.pth speech/ --distil"


def simulation(exact: float | None, mixed: float | None, agreement_db: float | None) -> SimulationReport:
    return SimulationReport(
        si_sdr_db=Figures(exact, mixed, mixed),
        window_db=Figures(None, None, None),
        agreement_db=Figures(None, agreement_db, agreement_db),
        layers=(),
        search=None,
        sixteen_bit=(),
        alls=Path("net.alls"),
        plots=(),
        windows=8,
        recordings=0,
        borders=1,
        prepare_seconds=1.0,
        window_seconds=1.0,
        float_window_seconds=1.0,
        resumed=0,
        notes=(),
        calibration="net.calib.npz",
        left_out=0,
        warning="few windows",
    )


@pytest.mark.parametrize(
    ("gained_db", "any_data", "verdict"),
    [
        (9.6, False, GOOD),
        (1.0, False, GOOD),
        (0.9, False, BROKEN),
        (-2.0, True, USABLE),
        (math.nan, False, BROKEN),
    ],
)
def test_speech_that_the_original_does_not_separate(gained_db: float, any_data: bool, verdict: str) -> None:
    step = speech_gate(gained_db, "speech: 6 recordings", FIX, any_data=any_data)
    assert step.verdict == verdict
    assert bool(step.fix) == (verdict == BROKEN)
    assert f"{gained_db:.1f} dB" in step.reason


@pytest.mark.parametrize(
    ("original_db", "result_db", "verdict"),
    [(9.6, 9.2, GOOD), (9.6, 9.7, GOOD), (9.6, 9.0, USABLE), (9.6, 8.1, BROKEN), (9.6, math.nan, BROKEN)],
)
def test_norms_by_what_they_cost(original_db: float, result_db: float, verdict: str) -> None:
    step = norm_gate(
        Decision("freeze", "gLN needs the whole clip"), norm_report(original_db, result_db), FIX, "or train"
    )
    assert step.verdict == verdict
    assert step.fix == (FIX if verdict == BROKEN else "")
    assert step.reason.startswith("gLN needs the whole clip: ")
    assert step.reason.endswith("; or train")


def test_norms_without_evidence_are_never_good() -> None:
    assert norm_gate(Decision("freeze", ""), norm_report(-2.0, -1.8), FIX).verdict == USABLE


@pytest.mark.parametrize(("agreement_db", "verdict"), [(20.0, GOOD), (14.0, USABLE), (5.0, BROKEN)])
def test_norms_by_agreement_where_no_source_is_known(agreement_db: float, verdict: str) -> None:
    step = norm_gate(Decision("freeze", ""), norm_report(100.0, agreement_db, has_sources=False), FIX)
    assert step.verdict == verdict


@pytest.mark.parametrize(
    ("exact", "mixed", "agreement_db", "verdict"),
    [
        (9.0, 8.9, 24.0, GOOD),
        (9.0, 8.3, 24.0, USABLE),
        (9.0, 8.9, 17.0, USABLE),
        (9.0, 7.4, 24.0, BROKEN),
        (9.0, 8.9, 14.0, BROKEN),
        (None, None, 24.0, GOOD),
        (None, None, 12.0, BROKEN),
        (None, None, None, BROKEN),
    ],
)
def test_8_bits_by_the_worse_of_both_figures(
    exact: float | None, mixed: float | None, agreement_db: float | None, verdict: str
) -> None:
    step = simulation_gate(simulation(exact, mixed, agreement_db), Decision(KEEP, "no search"), FIX)
    assert step.verdict == verdict
    assert step.fix == (FIX if verdict == BROKEN else "")
    assert step.notes == ("few windows",)
    assert step.lost_db is None or math.isfinite(step.lost_db)


@pytest.fixture
def checked(tmp_path: Path) -> CheckReport:
    return check_file(save_net(tmp_path / "net.onnx"))


def test_a_checked_graph(checked: CheckReport) -> None:
    step = check_gate(checked, "")
    warned = any(finding.level == "warning" for finding in checked.findings)
    assert step.verdict == (USABLE if warned else GOOD)
    assert "1 context likely on hailo8" in step.reason


def test_what_the_compiler_made(tmp_path: Path, checked: CheckReport) -> None:
    made = done_run(tmp_path, checked)
    step = compile_gate(made, FIX)
    assert (step.verdict, step.outcome) == (GOOD, "done")
    assert "123,456 bytes, 2 contexts" in step.reason
    destroyed = EmulatorResult("quantised", 3.0)
    other = CompileReport("done", tmp_path, 1.0, checked, hef=made.hef, emulator=(destroyed,))
    step = compile_gate(other, FIX)
    assert (step.verdict, step.fix) == (BROKEN, FIX)


def test_a_compiler_that_failed_names_its_fix(tmp_path: Path, checked: CheckReport) -> None:
    step = compile_gate(failed_run(tmp_path, checked), FIX)
    assert (step.verdict, step.outcome) == (BROKEN, "failed")
    assert step.fix.startswith("tasnet2hef ")
    refused = compile_gate(CompileReport("refused", tmp_path, 1.0, checked), FIX)
    assert (refused.verdict, refused.fix) == (BROKEN, FIX)
