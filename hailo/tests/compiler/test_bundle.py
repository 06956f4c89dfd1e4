"""A bundle, taken to where the compiler is: it is checked, and its run goes on with its own options."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
from pathlib import Path

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.cli.main import make_app, run
from tasnet2hef.compiler import driver
from tasnet2hef.compiler.bundle import BUNDLE_NAME, bundle_folder, read_bundle
from tasnet2hef.compiler.options import CompileOptions
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.compiler.conftest import STAND_IN, Bench, FinishedRun, minutes

Printed = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def packed(model: Path, calibration: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle of a run without the compiler, with options of its own."""
    if importlib.util.find_spec("hailo_sdk_client") is not None:
        pytest.skip("the vendor's compiler is installed in this environment")
    bench = Bench(tmp_path_factory.mktemp("packed"), model, calibration)
    script = bench.folder / "own.alls"
    script.write_text("model_optimization_flavor(optimization_level=0)\n")
    with pytest.MonkeyPatch.context() as without:
        without.setenv("PYTHONPATH", str(STAND_IN.parents[2]))
        settings = {"script": script, "attempts": 1, "minutes": minutes(compile=90.0), "hardware": "hailo8l"}
        hand_over = bench.compile(**settings, checkpoint="/models/my model.pth").hand_over
    assert hand_over is not None
    return hand_over.bundle


@pytest.fixture
def bundle(packed: Path, bench: Bench) -> Path:
    """A copy of the bundle, in a run's folder where the compiler is."""
    return Path(shutil.copytree(packed, bench.folder / "out.run" / packed.name))


@pytest.mark.slow
@pytest.mark.parametrize("path", ["", "compile.sh", ".."])
def test_its_folder_its_script_and_its_run_mean_it(
    bundle: Path, path: str, finished: FinishedRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[OpenedGraph, Path, CompileOptions]] = []
    monkeypatch.setattr(
        driver, "compile_graph", lambda *arguments: started.append(arguments[:3]) or finished.report
    )
    output = bundle.parent / "made.hef"
    assert run(make_app(), ["compile", str(bundle / path), "-o", str(output), "--json"]) == 0
    ((graph, calibration, options),) = started
    expected = read_bundle(bundle)
    assert [os.path.samefile(graph.path, expected.model), os.path.samefile(calibration, expected.calibration)] == [
        True
    ] * 2
    assert options.script is not None
    assert options.script.read_text() == "model_optimization_flavor(optimization_level=0)\n"
    assert (options.output, options.hardware) == (output, "hailo8l")


@pytest.mark.slow
def test_its_run_ends_with_a_hef_where_the_compiler_is(bundle: Path, capsys: Printed) -> None:
    output = bundle.parent / "made.hef"
    assert run(make_app(), ["compile", str(bundle / "compile.sh"), "-o", str(output), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["outcome"] == "done"
    assert output.is_file()


def test_its_own_options_are_taken_and_can_be_changed(bundle: Path, capsys: Printed) -> None:
    options = read_bundle(bundle).options
    assert (options.hardware, options.attempts, options.force) == ("hailo8l", 1, True)
    assert options.minutes["compile"] == 1.5
    assert run(make_app(), ["compile", str(bundle), "--plan", "--json"]) == 0
    plan = json.loads(capsys.readouterr().out)
    assert plan["attempts"] == 1
    assert any("convert 'my model.pth' --seconds" in fallback["command"] for fallback in plan["fallbacks"])
    assert run(make_app(), ["compile", str(bundle), "--plan", "--json", "--attempts", "3"]) == 0
    assert json.loads(capsys.readouterr().out)["attempts"] == 3


def test_without_o_the_results_go_to_the_current_folder(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN.parents[2]))
    here, before = tmp_path / "here", sorted(bundle.rglob("*"))
    here.mkdir()
    monkeypatch.chdir(here)
    assert run(make_app(), ["compile", str(bundle), "--json"]) == 3
    assert {path.name for path in here.iterdir()} == {"small.run"}
    printed = capsys.readouterr()
    assert json.loads(printed.out)["hand_over"]["bundle"] == str(bundle)
    assert printed.err.strip().endswith(f"here: sh {bundle}/compile.sh PATH_OF_THE_VENDORS_WHEEL")
    assert run(make_app(), ["compile", str(bundle)]) == 3
    assert {path.name for path in here.iterdir()} == {"small.run", "small.report"}
    assert not list(here.rglob("bundle*"))
    assert sorted(bundle.rglob("*")) == before, "a bundle makes no bundle, and nothing else, inside itself"


def test_a_file_that_changed_is_one_line(bundle: Path, capsys: Printed) -> None:
    model = read_bundle(bundle).model
    model.write_bytes(model.read_bytes() + b"\x00")
    assert run(make_app(), ["compile", str(bundle)]) == 2
    error = capsys.readouterr().err.strip()
    assert "missing or altered, found" in error
    assert "expected SHA-256" in error
    assert "\n" not in error


def test_a_file_without_a_checksum_is_refused(bundle: Path) -> None:
    described = json.loads((bundle / BUNDLE_NAME).read_text())
    del described["sha256"]["calibration.npz"]
    (bundle / BUNDLE_NAME).write_text(json.dumps(described))
    with pytest.raises(OptionError, match=r"calibration\.npz: missing or altered"):
        read_bundle(bundle)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"model": 3}', '{"sha256": []}'])
def test_a_damaged_record_is_refused(bundle: Path, text: str) -> None:
    (bundle / BUNDLE_NAME).write_text(text)
    with pytest.raises(OptionError, match="not a bundle's record"):
        read_bundle(bundle)


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("sha256", {"../../etc/passwd": ""}, "a file outside the bundle"),
        ("model", "m" * 5000, "model: found"),
        ("minutes", {"compile": -1}, "minutes.compile: found -1"),
        ("attempts", True, "attempts: found"),
    ],
)
def test_a_record_with_impossible_values_is_refused(bundle: Path, field: str, value: object, words: str) -> None:
    described = {**json.loads((bundle / BUNDLE_NAME).read_text()), field: value}
    (bundle / BUNDLE_NAME).write_text(json.dumps(described))
    with pytest.raises(OptionError, match=words):
        read_bundle(bundle)


def test_a_record_of_a_million_brackets_is_refused(bundle: Path) -> None:
    (bundle / BUNDLE_NAME).write_text(f'{{"model": {"[" * 1_000_000}')
    with pytest.raises(OptionError, match="not a bundle's record"):
        read_bundle(bundle)


def test_a_graph_is_no_bundle(bench: Bench) -> None:
    assert bundle_folder(bench.model) is None
    assert bundle_folder(bench.folder / "none.onnx") is None
