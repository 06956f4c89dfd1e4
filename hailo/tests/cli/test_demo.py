"""``demo``: the whole way with what comes along, or one line that says what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.cli.commands.demo import find_assets
from tasnet2hef.cli.main import make_app, run
from tests.conftest import HAS_TORCH
from tests.report.html_reader import read_page

Printed = pytest.CaptureFixture[str]


@pytest.mark.slow
@pytest.mark.skipif(not HAS_TORCH, reason="needs torch, which this environment is without")
def test_the_demo_goes_the_whole_way(tmp_path: Path, capsys: Printed) -> None:
    arguments = ["demo", "-o", str(tmp_path), "--seconds", "1", "--threads", "1", "--json"]
    assert run(make_app(), arguments) == 0
    report = json.loads(capsys.readouterr().out)
    assert Path(report["onnx"]).is_file()
    assert min(report["separation"]["si_sdr_improvement_db"]) > 3.0
    page = read_page(Path(report["report"]).read_text(encoding="utf-8"))
    assert len(page.all("audio")) == 3
    assert "reading of the file / ONNX Runtime" in page.text
    for db in report["separation"]["si_sdr_db"]:
        assert f"{db:.1f} dB SI-SDR" in page.text


@pytest.mark.skipif(HAS_TORCH, reason="about the environment without torch")
def test_without_torch_one_line_says_what_is_missing(tmp_path: Path, capsys: Printed) -> None:
    assert run(make_app(), ["demo", "-o", str(tmp_path / "demo")]) == 2
    error = capsys.readouterr().err.strip()
    assert "torch: not installed" in error
    assert "pip install 'tasnet2hef[torch]', or uvx --from 'tasnet2hef[torch]' tasnet2hef demo" in error
    assert "\n" not in error
    assert not (tmp_path / "demo").exists()


def test_a_bundles_package_says_where_the_model_is(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match=r"demo_student\.pth: no such file, .*install tasnet2hef from"):
        find_assets(tmp_path)
