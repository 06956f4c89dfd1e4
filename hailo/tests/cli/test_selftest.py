from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasnet2hef.cli.main import make_app, run
from tests.conftest import HAS_TORCH
from tests.diagnose.selftest.conftest import make_build, runtime  # noqa: F401 (a fixture)
from tests.quantize.small_net import save_net

ASSETS = Path(__file__).parents[2] / "assets"


def test_a_good_build(tmp_path, runtime, capsys):  # noqa: F811
    runtime()
    folder = make_build(tmp_path)
    assert run(make_app(), ["selftest", str(folder), "--threads", "1"]) == 0
    shown = capsys.readouterr()
    assert "device, quantised streams" in shown.out
    assert "0000:01:00.0 hailo8" in shown.out
    assert "no calibration set beside it" in " ".join(shown.err.split())
    assert run(make_app(), ["selftest", str(folder), "--no-simulate", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["status"] == "ok"
    assert [each["status"] for each in report["nets"][0]["comparisons"]] == ["ok"] * 3
    assert [each["status"] for each in report["nets"][0]["program"]] == ["ok", "ok"]


def test_an_error_is_exit_code_1_and_still_json(tmp_path, capsys):
    folder = make_build(tmp_path, hef=False)
    save_net(folder / "net.onnx", seed=1)
    assert run(make_app(), ["selftest", str(folder), "--json"]) == 1
    shown = capsys.readouterr()
    assert json.loads(shown.out)["errors"] == ["net: float ONNX"]
    assert "found 1 errors (net: float ONNX)" in shown.err
    assert "Traceback" not in shown.err


def test_nothing_there_is_exit_code_2(tmp_path, capsys):
    assert run(make_app(), ["selftest", str(tmp_path / "none")]) == 2
    error = capsys.readouterr().err.strip()
    assert "found no ONNX file and no HEF" in error
    assert "\n" not in error


@pytest.mark.slow
@pytest.mark.skipif(not HAS_TORCH, reason="needs torch, which this environment is without")
def test_what_convert_leaves_passes(tmp_path, capsys):
    convert = ["convert", str(ASSETS / "demo_model.pth"), "--seconds", "1", "-o", str(tmp_path), "--json"]
    assert run(make_app(), convert) == 0
    assert Path(json.loads(capsys.readouterr().out)["selftest"]).stat().st_size < 500_000
    assert run(make_app(), ["selftest", str(tmp_path), "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["nets"][0]["reference"] == "the original's output (demo_model.selftest.npz)"
    assert report["nets"][0]["comparisons"][0]["agreement_db"] > 100
