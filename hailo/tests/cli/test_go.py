"""`go` as a command: its plan, its lines, its JSON, its exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch")

from tasnet2hef.cli.main import make_app, run

ASSETS = Path(__file__).parents[2] / "assets"
RATE_HZ = 8000
Printed = pytest.CaptureFixture[str]
pytestmark = pytest.mark.slow


@pytest.fixture
def noise(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Two folders of noise, in the folder that the command runs in."""
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    for name in ("a", "b"):
        (tmp_path / "noise" / name).mkdir(parents=True)
        for number in range(4):
            soundfile.write(
                tmp_path / "noise" / name / f"{number}.wav", generator.normal(0, 0.05, 2 * RATE_HZ), RATE_HZ
            )
    return Path("noise")


def go(net: str, speech: Path, *more: str) -> int:
    return run(make_app(), ["go", str(ASSETS / net), str(speech), *more])


def test_a_dry_run_prints_every_step_and_writes_nothing(noise: Path, capsys: Printed) -> None:
    assert go("demo_model.pth", noise, "--dry-run") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" (")[0] for line in lines] == [
        *("model", "speech", "norms", "form", "export", "check", "calibrate", "simulate", "search", "compile")
    ]
    assert go("demo_model.pth", noise, "--dry-run", "--json", "--no-search") == 0
    plan = json.loads(capsys.readouterr().out)["plan"]
    assert {"name", "what", "minutes"} == set(plan[0])
    assert [path.name for path in Path().iterdir()] == ["noise"]


def test_broken_ends_with_one_and_the_fix(noise: Path, capsys: Printed) -> None:
    assert go("demo_model.pth", noise, "--hw", "hailo8l", "-o", "out", "--no-search") == 1
    captured = capsys.readouterr()
    assert [line.split(":")[0] for line in captured.out.splitlines()] == ["model", "speech"]
    command = f"tasnet2hef go {ASSETS / 'demo_model.pth'} OTHER_SPEECH/ --hw hailo8l --output out --no-search"
    assert command in captured.err
    assert go("demo_model.pth", noise, "-o", "out", "--json") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "broken"
    assert report["steps"][-1]["fix"] == report["next"]["command"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (["-o", "noise/build"], "give one with -o"),
        (["--one-speaker", "--speakers", "files"], "--one-speaker"),
        (["--timeout", "soon"], "--timeout: found 'soon'"),
        (["--hw", "hailo9"], "hailo9"),
    ],
)
def test_bad_use_is_one_line(more: list[str], words: str, noise: Path, capsys: Printed) -> None:
    assert go("demo_model.pth", noise, *more) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert len(captured.err.strip().splitlines()) == 1
    assert [path.name for path in Path().iterdir()] == ["noise"]


def test_bad_speech_keeps_the_steps_before_it_in_the_json(tmp_path: Path, capsys: Printed) -> None:
    (tmp_path / "empty").mkdir()
    assert go("demo_model.pth", tmp_path / "empty", "-o", str(tmp_path / "build"), "--json") == 2
    report = json.loads(capsys.readouterr().out)
    assert [step["name"] for step in report["steps"]] == ["model"]
    assert report["exit"] == 2
