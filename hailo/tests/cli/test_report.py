"""``report`` as it is called: pages from graphs and folders, and one line for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import soundfile

from tasnet2hef.cli.main import make_app, run
from tests.quantize.small_net import babble, save_net
from tests.report.html_reader import read_page

Printed = pytest.CaptureFixture[str]


def _report(*arguments: object) -> int:
    return run(make_app(), ["report", *map(str, arguments)])


@pytest.mark.slow
def test_a_graph_is_checked_heard_and_shown_again_from_its_folder(tmp_path: Path, capsys: Printed) -> None:
    graph, recording = save_net(tmp_path / "net.onnx"), tmp_path / "talk.wav"
    soundfile.write(recording, babble(1.0, 3), 8000)
    assert _report(graph, "--recording", recording, "--threads", "1", "--json") == 0
    page = Path(json.loads(capsys.readouterr().out)["reports"][0])
    assert page == tmp_path / "net.report" / "report.html"
    shown = read_page(page.read_text(encoding="utf-8"))
    assert len(shown.all("audio")) == 3
    assert "compile for hailo8" in shown.text or "stops hailo8" in shown.text
    first = page.read_bytes()
    page.unlink()
    assert _report(tmp_path) == 0
    assert capsys.readouterr().out.strip() == f"report: {page}"
    assert page.read_bytes() == first


@pytest.mark.slow
@pytest.mark.usefixtures("without_charts")
def test_a_graph_that_changed_is_checked_again(tmp_path: Path, capsys: Printed) -> None:
    graph = save_net(tmp_path / "net.onnx", window_frames=99)
    assert _report(graph) == 0
    save_net(graph, window_frames=33)
    assert _report(graph) == 0
    result = json.loads((tmp_path / "net.report" / "check.json").read_text())["result"]
    assert {"shape": [-1, 33, 1, 16]}.items() <= next(x for x in result["layers"] if x["name"] == "conv1").items()


@pytest.mark.slow
@pytest.mark.usefixtures("without_charts")
def test_another_chip_is_checked_for_and_stays(tmp_path: Path, capsys: Printed) -> None:
    graph = save_net(tmp_path / "net.onnx")
    for options, chip in (([], "hailo8"), (["--hw", "hailo10h"], "hailo10h"), ([], "hailo10h")):
        assert _report(graph, *options) == 0
        result = json.loads((tmp_path / "net.report" / "check.json").read_text())["result"]
        assert result["cost"]["hardware"] == chip


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["none.onnx"], "none.onnx: no such file"),
        (["none"], "none: no such file or folder"),
        (["."], "found no report folder"),
        (["broken.onnx"], "broken.onnx: "),
        (["net.onnx", "--hw", "hailo9"], "hailo9: no such chip"),
        (["net.onnx", "--calib", "c.npz"], "--recording: found none"),
        (["net.onnx", "--recording", "none.wav"], "none.wav: no such file"),
        ([".", "--recording", "none.wav"], "expected an ONNX file"),
    ],
)
def test_bad_input_is_one_line_and_leaves_nothing(
    arguments: list[str], words: str, tmp_path: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    save_net(tmp_path / "net.onnx")
    (tmp_path / "broken.onnx").write_bytes(b"not a graph")
    assert _report(*arguments) == 2
    error = capsys.readouterr().err.strip()
    assert words in error
    assert "\n" not in error
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.onnx", "net.onnx"]
