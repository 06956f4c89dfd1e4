"""Without the vendor's compiler nothing is made up: the run ends as not done, with what is needed to finish it."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.compiler import driver
from tasnet2hef.compiler.bundle import read_bundle
from tasnet2hef.compiler.report import CompileReport
from tests.compiler.conftest import STAND_IN, Bench

SCRIPT = Path(__file__).parents[2] / "onnx_to_hef.py"


@pytest.fixture
def alone(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    if importlib.util.find_spec("hailo_sdk_client") is not None:
        pytest.skip("the vendor's compiler is installed in this environment")
    monkeypatch.setenv("PYTHONPATH", str(STAND_IN.parents[2]))
    return bench


def test_the_run_ends_as_not_done(alone: Bench) -> None:
    report = alone.compile()
    assert report.outcome == "not compiled"
    assert report.hef is None
    assert not list(alone.folder.rglob("*.hef"))
    assert report.failure is not None
    assert report.failure.signature == "no-compiler"
    assert report.hand_over is not None
    layers = json.loads(report.hand_over.predicted_layers.read_text())["layers"]
    assert len(layers) == len(report.check.net)


def test_its_commands_name_the_bundle_as_it_is_typed_here(alone: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    files = alone.compile().hand_over
    assert files is not None
    assert files.commands()[0] == f"scp -r {files.bundle} HOST:"
    monkeypatch.chdir(alone.folder)
    there = "./compile.sh PATH_OF_THE_VENDORS_WHEEL"
    assert files.commands() == ("scp -r out.run/bundle HOST:", f"cd bundle && {there}")
    assert files.commands("my net") == ("scp -r out.run/bundle HOST:'my net'", f"cd 'my net' && {there}")


@pytest.mark.slow
def test_the_script_ends_with_3_and_finishes_a_bundle_where_the_compiler_is(alone: Bench) -> None:
    files = alone.compile().hand_over
    assert files is not None
    command = [sys.executable, str(SCRIPT), str(files.bundle), "-o", str(alone.folder / "made.hef"), "--json"]
    codes = {}
    for compiler in ("", str(STAND_IN)):
        folders = os.pathsep.join([compiler, str(STAND_IN.parents[2])])
        environment = {**os.environ, "PYTHONPATH": folders}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        codes[json.loads(done.stdout)["outcome"]] = done.returncode
    assert codes == {"not compiled": 3, "done": 0}


def test_where_the_compiler_is_instead_is_told(alone: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(driver, "installed_compiler", lambda python="": "3.33.0" if python else "")
    report = alone.compile()
    assert str(driver.environment_python("to-hailo-env")) in report.stopped_because


def test_a_compiler_that_does_not_start_is_another_failure(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken" / "hailo_sdk_client"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("import tensorflow_that_is_not_here\n")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(broken.parent), str(STAND_IN.parents[2])]))
    report: CompileReport = bench.compile()
    assert report.outcome == "failed"
    assert report.failure is not None
    assert report.failure.signature == "broken-environment"


def test_a_bundle_that_was_altered_on_the_way_is_refused(alone: Bench) -> None:
    script = alone.folder / "own.alls"
    script.write_text("quantization_param(conv1, precision_mode=a16_w16)\n")
    files = alone.compile(script=script).hand_over
    assert files is not None
    packed = read_bundle(files.bundle)
    assert packed.options.script is not None
    assert packed.options.script.read_text() == script.read_text()
    with packed.calibration.open("r+b") as opened:
        opened.seek(200)
        opened.write(b"\x00\x01\x02")
    with pytest.raises(OptionError, match=r"calibration\.npz: missing or altered"):
        read_bundle(files.bundle)
    with pytest.raises(OptionError, match="not a bundle's record"):
        read_bundle(alone.folder)
