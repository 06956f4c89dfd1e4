"""The command: exit codes, what is printed for people and for machines.

Most runs here ended before: the command prints the report of a finished one, or of a failure made of the driver's
parts.
"""

from __future__ import annotations

import importlib.util
import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnx
import pytest
from rich.console import Console

from tasnet2hef.cli.main import make_app, run
from tasnet2hef.cli.progress import StageDisplay
from tasnet2hef.compiler import driver
from tasnet2hef.compiler.report import CompileReport
from tasnet2hef.compiler.run_record import StageRecord
from tasnet2hef.target.check import check_graph
from tasnet2hef.target.failures.classify import Situation, explain
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules import row_too_wide
from tests.compiler.conftest import STAND_IN, Bench, FinishedRun

End = Callable[[CompileReport], None]
Printed = pytest.CaptureFixture[str]


def _run(bench: Bench, *more: str) -> int:
    words = ["compile", str(bench.model), "--calib", str(bench.calibration), "-o", str(bench.folder / "out.hef")]
    return run(make_app(), [*words, *more])


@pytest.fixture
def end(monkeypatch: pytest.MonkeyPatch) -> End:
    """Have every run of the command end at once, with a report that was made before."""

    def replace(report: CompileReport) -> None:
        monkeypatch.setattr(driver, "compile_graph", lambda *_arguments: report)

    return replace


def _failed(bench: Bench, stage: str, words: str) -> CompileReport:
    """Return what the driver returns for a run whose stage failed with these words."""
    situation = Situation(bench.model, bench.calibration, bench.folder / "out.hef", "hailo8")
    failure = explain(stage, words, "", "exited", situation)
    record = StageRecord(stage, "key", "failed", 1.5, f"{stage}/log.txt", error=words, failure=failure)
    because = "a different graph is needed"
    return CompileReport(
        "failed", bench.folder, 1.5, check_graph(OpenedGraph.read(bench.model)), (record,), stopped_because=because
    )


@pytest.fixture
def wide(bench: Bench) -> Bench:
    """A foreign net whose rows are recorded to fail."""
    bench.model = bench.folder / "wide.onnx"
    onnx.save(row_too_wide.RULE.bad[0](), str(bench.model))
    bench.calibration = bench.folder / "wide.npz"
    np.savez(bench.calibration, input_layer1=np.zeros((2, 1, 2000, 256), np.float32))
    return bench


@pytest.mark.slow
def test_success_is_exit_0(bench: Bench, finished: FinishedRun, end: End, capsys: Printed) -> None:
    end(finished.report)
    assert _run(bench) == 0
    printed = capsys.readouterr().out
    assert "out.hef" in printed
    assert "quantised" in printed
    assert "input small/input_layer1" in printed


@pytest.mark.slow
def test_one_object_for_machines(bench: Bench, capsys: Printed) -> None:
    assert _run(bench, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert (report["stage"], report["outcome"], report["failure"]) == ("compile", "done", None)
    assert report["seconds"] > 0
    assert Path(report["artefacts"]["hef"]).is_file()
    for stage in report["stages"]:
        assert {"stage", "outcome", "seconds", "artefacts", "failure"} <= set(stage)


def test_help_names_the_keys(bench: Bench, finished: FinishedRun, end: End, capsys: Printed) -> None:
    end(finished.report)
    assert _run(bench, "--json") == 0
    keys = set(json.loads(capsys.readouterr().out))
    assert run(make_app(), ["compile", "--help"]) == 0
    printed = " ".join(capsys.readouterr().out.split())
    for key in keys & {
        "stage",
        "outcome",
        "seconds",
        "artefacts",
        "failure",
        "stages",
        "hef",
        "hand_over",
        "notes",
    }:
        assert key in printed
    assert {"stage", "outcome", "seconds", "artefacts", "failure"} <= keys


def test_a_failure_is_exit_1(bench: Bench, end: End, capsys: Printed) -> None:
    end(_failed(bench, "compile", "Super deconv is not supported with groups"))
    assert _run(bench, "--json") == 1
    printed = capsys.readouterr()
    failure = json.loads(printed.out)["failure"]
    assert {"signature", "cause", "fix", "source"} <= set(failure)
    assert "compile failed (grouped-deconvolution)" in printed.err


def test_a_failure_for_people_names_the_next_command(bench: Bench, capsys: Printed) -> None:
    bench.fault("translate", "raise", "UnsupportedReduceMaxLayerError: Failed to create reduce max layer")
    assert _run(bench) == 1
    printed = capsys.readouterr().out
    for words in ("reduction-axes", "next command", "log.txt", "recorded"):
        assert words in printed


def test_findings_stop_the_run(wide: Bench, capsys: Printed) -> None:
    assert _run(wide) == 1
    printed = capsys.readouterr()
    assert "row-too-wide" in printed.out
    assert "--force" in printed.err
    assert wide.calls() == []
    assert not (wide.folder / "out.hef").exists()


@pytest.mark.slow
def test_force_goes_on(wide: Bench) -> None:
    assert _run(wide, "--force") == 0


def test_bad_use_is_exit_2(bench: Bench, capsys: Printed) -> None:
    assert _run(bench, "--timeout", "compile=soon") == 2
    assert _run(bench, "--hw", "hailo9") == 2
    assert _run(bench, "--python", "/nowhere/python") == 2
    assert "can't be started" in capsys.readouterr().err


@pytest.mark.parametrize("more", [(), ("--json",)])
def test_without_the_compiler_it_is_exit_3_and_ends_with_not_compiled(
    more: tuple[str, ...], bench: Bench, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    if importlib.util.find_spec("hailo_sdk_client") is not None:
        pytest.skip("the vendor's compiler is installed in this environment")
    monkeypatch.chdir(bench.folder)
    assert _run(bench, *more) == 3
    printed = capsys.readouterr()
    assert printed.err.splitlines()[-3:] == [
        f"NOT COMPILED: Hailo Dataflow Compiler not found (looked in {sys.executable})",
        "  1. copy:  scp -r out.run/bundle HOST:",
        "  2. there: cd bundle && ./compile.sh PATH_OF_THE_VENDORS_WHEEL",
    ]
    assert "Traceback" not in (bench.folder / "out.run/versions-versions/log.txt").read_text()
    if more:
        assert json.loads(printed.out)["outcome"] == "not compiled"
    else:
        assert "FAILED" not in printed.out + printed.err
    assert not list(bench.folder.rglob("*.hef"))


def test_quiet_keeps_not_compiled(bench: Bench, capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[2]))
    if importlib.util.find_spec("hailo_sdk_client") is not None:
        pytest.skip("the vendor's compiler is installed in this environment")
    words = [
        "--quiet",
        "compile",
        str(bench.model),
        "--calib",
        str(bench.calibration),
        "-o",
        str(bench.folder / "q.hef"),
    ]
    assert run(make_app(), words) == 3
    assert capsys.readouterr().err.startswith("NOT COMPILED")


def test_the_plan_is_printed_and_nothing_is_run(bench: Bench, capsys: Printed) -> None:
    assert _run(bench, "--plan") == 0
    printed = capsys.readouterr().out
    for words in (
        "as is",
        "context_switch_param(mode=enabled)",
        "compiler_optimization_level=max",
        "--seconds 0.05",
    ):
        assert words in printed
    assert bench.calls() == []
    assert not (bench.folder / "out.run").exists()


def test_a_terminal_gets_one_living_line(tmp_path: Path) -> None:
    screen = io.StringIO()
    display = StageDisplay(Console(file=screen, force_terminal=True, width=100))
    display.started("compile", tmp_path / "log.txt")
    display.working(75.0, "[info] Iterations: 12345")
    display.close()
    assert "1:15" in screen.getvalue()
    assert "Iterations: 12345" in screen.getvalue()


def test_a_pipe_gets_plain_lines_now_and_then(tmp_path: Path) -> None:
    screen = io.StringIO()
    display = StageDisplay(Console(file=screen, width=100, soft_wrap=True))
    display.started("compile", tmp_path / "log.txt")
    for second in range(130):
        display.working(float(second), f"[info] Iterations: {second}")
    assert "\x1b" not in screen.getvalue()
    assert [line.split()[-1] for line in screen.getvalue().splitlines()[1:]] == ["60", "120"]


def test_the_driver_imports_no_vendor_package() -> None:
    modules = "tasnet2hef.compiler.driver, tasnet2hef.compiler.stages.vendor"
    code = f"import sys, {modules}; sys.exit('hailo_sdk_client' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(STAND_IN), str(STAND_IN.parents[2])])}
    assert subprocess.run([sys.executable, "-c", code], env=environment, check=False).returncode == 0
