"""`explore` as a command: its table, its JSON, its next command, its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytest.importorskip("torch")

from tasnet2hef.cli.main import make_app, run
from tests.explore.small_study import Display, make_options, write_net, write_speech

Printed = pytest.CaptureFixture[str]
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_charts")]


@pytest.fixture(scope="module")
def speech(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_speech(tmp_path_factory.mktemp("voices") / "speech")


@pytest.fixture(scope="module")
def net(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_net(tmp_path_factory.mktemp("net") / "net.pth")


@pytest.fixture(scope="module")
def begun(net: Path, speech: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a study that is done."""
    from tasnet2hef.explore.explore import explore
    from tasnet2hef.explore.options import RunOptions

    options = make_options(net, speech, tmp_path_factory.mktemp("begun"))
    return explore(options, RunOptions(workers=0), Display()).folder


def command(*words: str | Path) -> int:
    return run(make_app(), ["explore", *map(str, words)])


def test_the_end_of_a_study(begun: Path, speech: Path, capsys: Printed) -> None:
    assert command(begun, "--workers", "0") == 0
    printed = capsys.readouterr().out
    first, *_, last = printed.splitlines()
    assert first.startswith("take ")
    assert last.startswith("next: tasnet2hef convert ")
    assert f"--calib-audio {speech} --windows 8 --any-data -o {begun}/" in last
    assert "6: exact, 0.25 s, 50 segments: segments: found 50" in printed
    assert "5 of 6 points measured; 0 steps run" in printed
    assert (begun / "study.html").is_file()


def test_every_point_with_verbose(begun: Path, capsys: Printed) -> None:
    assert command(begun, "--workers", "0", "--verbose") == 0
    printed = capsys.readouterr().out
    assert all(f"{number} " in printed for number in range(1, 6))
    assert "CPU RTF" in printed


def test_json_is_one_object(begun: Path, capsys: Printed) -> None:
    assert command(begun, "--workers", "0", "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert [point["number"] for point in report["points"]] == [1, 2, 3, 4, 5, 6]
    assert report["recommended"]["number"] in report["front"]
    assert report["next"].startswith("tasnet2hef convert ")
    assert Path(report["page"]).is_file()


def test_nothing_is_recommended_where_nothing_is_quick_enough(begun: Path, capsys: Printed) -> None:
    assert command(begun, "--workers", "0", "--latency", "1") == 1
    assert "no point can be recommended" in capsys.readouterr().err


def test_without_losses_every_point_is_shown_and_the_next_command_measures_them(
    net: Path, speech: Path, tmp_path: Path, capsys: Printed
) -> None:
    folder = tmp_path / "study"
    (tmp_path / "grid.toml").write_text("seconds = [0.25, 0.5]\n")
    words = [net, speech, "-o", folder, "--grid", tmp_path / "grid.toml", "--any-data", "--workers", "0"]
    assert command(*words, "--no-simulate") == 0
    printed = capsys.readouterr().out
    assert printed.startswith("losses are not measured")
    assert "2 exact, 0.5 s" in printed
    assert f"next: tasnet2hef explore {net} {speech} --hw hailo8 --any-data -o {folder} --grid" in printed
    steps = {path.name.split("-")[0] for path in (folder / "steps").iterdir() if path.name[0] != "."}
    assert steps == {"model", "speech", "export", "check", "time"}


def test_a_dry_run_prints_the_points_and_writes_nothing(
    net: Path,
    speech: Path,
    tmp_path: Path,
    capsys: Printed,
) -> None:
    folder = tmp_path / "study"
    assert command(net, speech, "-o", folder, "--dry-run") == 0
    *points, count = capsys.readouterr().out.splitlines()
    assert count == f"{len(points)} points; without --dry-run they are measured"
    assert points[0] == "1: exact, 0.5 s"
    assert not folder.exists()


def test_what_is_stopped_says_how_to_go_on(begun: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    def stopped(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("tasnet2hef.explore.explore.run_study", stopped)
    assert command(begun, "--workers", "0") == 130
    assert f"note: what is finished is kept; next: tasnet2hef explore {begun}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["none.pth"], "found no speech beside it, and no study.json in it"),
        (["{begun}", "--hw", "hailo8l"], "--hw: found with the folder of a study"),
        (["{begun}", "--grid", "grid.toml"], "--grid: found with the folder of a study"),
        (["{begun}", "--scheduler", "nowhere"], "--scheduler nowhere: found no scheduler"),
        (["{begun}", "--workers", "0", "--shared", "none"], "--shared none: found no folder"),
        (["{net}", "{speech}", "--grid", "none.toml"], "none.toml: found nothing"),
        (["{net}", "{speech}", "--hw", "hailo9"], "hailo9"),
        (["{net}", "none", "--workers", "0"], "none: found nothing"),
        (["none.pth", "{speech}"], "none.pth"),
        (["{net}", "{speech}", "--compile", "--no-simulate"], "--compile: found --no-simulate beside it"),
    ],
)
def test_bad_input_is_one_line(
    words: list[str],
    expected: str,
    begun: Path,
    net: Path,
    speech: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: Printed,
) -> None:
    monkeypatch.chdir(tmp_path)
    filled = [word.format(begun=begun, net=net, speech=speech) for word in words]
    assert command(*filled) == 2
    captured = capsys.readouterr()
    errors = [line for line in captured.err.splitlines() if not line.startswith("note: ")]
    assert len(errors) == 1
    assert expected in errors[0]
    assert not list(tmp_path.iterdir())
