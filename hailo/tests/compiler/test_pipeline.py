"""The way from a graph to its HEF, against the stand-in, and as far as it goes without a compiler."""

from __future__ import annotations

import dataclasses
import importlib.util
import json
import shutil
import sys
import zipfile
from pathlib import Path

import pytest
import soundfile
import typer

from tasnet2hef.base.errors import AudioError, OptionError, RefusedError
from tasnet2hef.cli.to_hef import print_finished, require_hefs, run_pipeline
from tasnet2hef.compiler import pipeline
from tasnet2hef.compiler.options import CompileOptions
from tasnet2hef.compiler.pipeline import PipelineOptions, PipelineReport, StepClock, require_pipeline
from tasnet2hef.quantize.calibration.window_draw import Draw
from tasnet2hef.target.check import check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.compiler.conftest import STAND_IN, Bench
from tests.quantize.small_net import babble


@dataclasses.dataclass(frozen=True)
class Whole:
    """All stages, gone through once: tests look at the report, or go on in a copy of the folder."""

    folder: Path
    report: PipelineReport


@pytest.fixture(scope="module")
def whole(model: Path, calibration: Path, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    bench = Bench(tmp_path_factory.mktemp("whole"), model, calibration)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in bench.environment().items():
            patch.setenv(name, value)
        return Whole(bench.folder, _run(_graph(bench), _options(bench.folder)))


def _graph(bench: Bench) -> Path:
    return Path(shutil.copy(bench.model, bench.folder / "small.onnx"))


def _options(folder: Path) -> PipelineOptions:
    """Return options for speech that is written into the folder."""
    speech = folder / "speech"
    speech.mkdir(exist_ok=True)
    soundfile.write(speech / "voice.wav", babble(1.0, 3), 8000)
    compiling = CompileOptions(python=sys.executable, force=True, checkpoint="/models/small.pth")
    return PipelineOptions(speech, Draw(4, mixed=1), compiling=compiling)


@pytest.fixture
def graph(bench: Bench) -> Path:
    """A graph with nothing beside it."""
    return _graph(bench)


@pytest.fixture
def options(tmp_path: Path) -> PipelineOptions:
    return _options(tmp_path)


def _run(graph: Path, options: PipelineOptions) -> PipelineReport:
    opened = OpenedGraph.read(graph)
    return run_pipeline([opened], {graph: check_graph(opened)}, options, StepClock())


@pytest.mark.slow
def test_all_steps_lead_to_a_hef(whole: Whole, capsys: pytest.CaptureFixture[str]) -> None:
    report = whole.report
    require_hefs(report, "small.onnx")
    assert [(each.step, each.outcome) for each in report.steps] == [
        ("calibrate", "done"),
        ("simulate", "done"),
        ("compile", "done"),
    ]
    files = [path.name for each in report.steps for path in each.files]
    assert files == ["small.calib.npz", "small.alls", "small.hef"]
    report_json = json.loads(json.dumps(report.to_json(), allow_nan=False))
    assert report_json["compile"][0]["outcome"] == "done"
    assert report_json["calibration"]["windows"] == 4
    assert report_json["simulation"]["frontier"] == [], "the long search was not asked for"
    print_finished(report)
    printed = capsys.readouterr().out
    assert "Pipeline" in printed
    assert str(whole.folder / "small.alls") in printed


@pytest.mark.slow
def test_the_simulations_script_is_given_to_the_compiler(whole: Whole) -> None:
    compiled = whole.report.compiled[0]
    optimise = next(each for each in compiled.records if each.stage == "optimize")
    job = json.loads((compiled.folder / optimise.log).with_name("job.json").read_text())
    assert "model_optimization_flavor(optimization_level=1" in job["script"]
    assert job["script"] == (whole.folder / "small.alls").read_text()


@pytest.mark.slow
def test_an_own_script_or_none(graph: Path, options: PipelineOptions, tmp_path: Path) -> None:
    own = tmp_path / "own.alls"
    own.write_text("model_optimization_flavor(optimization_level=0)\n")
    report = _run(graph, dataclasses.replace(options, script=own))
    assert report.prepared is not None
    assert (report.prepared.script, report.prepared.simulation) == (own, None)
    report = _run(graph, dataclasses.replace(options, simulate=False))
    assert report.prepared is not None
    assert (report.prepared.script, report.prepared.simulation) == (None, None)
    assert [each.step for each in report.steps] == ["calibrate", "compile"]


@pytest.mark.slow
def test_a_second_run_compiles_nothing_again(whole: Whole, bench: Bench) -> None:
    shutil.copytree(whole.folder, bench.folder, dirs_exist_ok=True)
    graph = bench.folder / "small.onnx"
    calls = bench.calls()
    assert calls.count("compile") == 1
    assert _run(graph, _options(bench.folder)).compiled[0].outcome == "done"
    assert bench.calls() == calls, "the same calibration set and script came out"
    with zipfile.ZipFile(graph.with_name("small.calib.npz")) as archive:
        assert {each.date_time[0] for each in archive.infolist()} == {1980}, "no date in it, so the same tomorrow"


@pytest.mark.slow
def test_a_failure_names_the_checkpoint_in_its_next_command(
    graph: Path, options: PipelineOptions, bench: Bench
) -> None:
    bench.fault("compile", "raise", "Agent infeasible")
    report = _run(graph, options)
    failure = report.compiled[0].failure
    assert failure is not None
    assert any("convert /models/small.pth " in command for command in failure.commands)
    assert report.steps[-1].outcome == "failed"
    with pytest.raises(RefusedError, match="agent-infeasible"):
        require_hefs(report, graph.name)


def test_without_the_compiler_all_else_is_done(
    graph: Path, options: PipelineOptions, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    if importlib.util.find_spec("hailo_sdk_client") is not None:
        pytest.skip("the vendor's compiler is installed in this environment")
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN.parents[2]))
    report = _run(graph, options)
    print_finished(report)
    printed = capsys.readouterr().out
    with pytest.raises(typer.Exit) as ended:
        require_hefs(report, graph.name)
    assert ended.value.exit_code == 3
    assert "cd bundle && ./compile.sh" in capsys.readouterr().err
    for words in (
        "NOT COMPILED",
        "small.onnx",
        "small.calib.npz",
        "small.alls",
        "bundle",
    ):
        assert words in printed
    assert report.steps[-1].outcome == "not compiled"
    assert not list(graph.parent.rglob("*.hef"))


def test_findings_stop_the_pipeline_before_its_long_part(
    graph: Path, options: PipelineOptions, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = dataclasses.replace(options, compiling=CompileOptions())
    opened = OpenedGraph.read(graph)
    checked = check_graph(opened)
    error = dataclasses.replace(checked.findings[0], level="error")
    report = run_pipeline([opened], {graph: dataclasses.replace(checked, findings=(error,))}, options, StepClock())
    assert (report.prepared, report.compiled, report.errors) == (None, (), 1)
    with pytest.raises(RefusedError, match="check found 1 errors, expected none"):
        require_hefs(report, graph.name)


def test_bad_options_are_reported_before_any_work(options: PipelineOptions, tmp_path: Path) -> None:
    bad_script = tmp_path / "bad.alls"
    bad_script.write_text("model_optimization_flavor(\n")
    cases: list[tuple[dict[str, object], int, str]] = [
        ({"recordings": tmp_path / "none"}, 1, "none: found nothing"),
        ({"script": bad_script}, 1, r"bad\.alls:2:1"),
        ({"search": True, "simulate": False}, 1, "--search: found --alls or --no-simulate"),
        ({"search": True}, 2, "--search: found --segments 2"),
        ({"compiling": CompileOptions(python="/nowhere/python")}, 1, "--hailo-python: found /nowhere/python"),
    ]
    for changes, segments, words in cases:
        with pytest.raises((OptionError, AudioError), match=words):
            require_pipeline(dataclasses.replace(options, **changes), segments)  # type: ignore[arg-type]


def test_the_compilers_python_is_found_or_guessed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pipeline.hailo_python("python3") == ("python3", "")
    beside = tmp_path / "bin" / "python"
    monkeypatch.setattr(pipeline, "environment_python", lambda _name: beside)
    python, note = pipeline.hailo_python("")
    assert python == ""
    assert str(beside) in note
    beside.parent.mkdir()
    beside.symlink_to(sys.executable)
    assert pipeline.hailo_python("") == (str(beside), "")


def test_a_step_that_is_interrupted_keeps_its_time() -> None:
    clock = StepClock()
    with pytest.raises(OptionError), clock.step("calibrate"):
        raise OptionError("no")
    assert (clock.steps[0].step, clock.steps[0].outcome) == ("calibrate", "interrupted")
