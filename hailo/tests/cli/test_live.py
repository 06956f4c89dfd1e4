"""``tasnet2hef live`` on files: what is heard, JSON, one line for what is wrong, nothing half-written."""

from __future__ import annotations

import json
import os
import pty
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.parity import signal_to_error_db
from tasnet2hef.cli.commands.live import parse_channels
from tasnet2hef.cli.keys import pressed_keys
from tasnet2hef.cli.live_meter import picture
from tasnet2hef.cli.main import make_app, run
from tasnet2hef.runtime.live.controls import Controls
from tasnet2hef.runtime.live.summary import LiveState
from tests.sign_split import make_contract, save_graph

MIXTURE = Path(__file__).parents[2] / "assets/demo_mixture.wav"


@pytest.fixture
def graph(tmp_path: Path) -> Path:
    return save_graph(tmp_path / "net.onnx", make_contract())


def live(graph: Path, *options: str) -> list[str]:
    return ["live", str(graph), "--from-file", str(MIXTURE), "--speed", "0", *options]


def test_the_file_played_holds_what_separate_writes(
    graph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    heard, record = tmp_path / "heard.wav", tmp_path / "record"
    options = ["--to-file", str(heard), "--record", str(record), "--source", "2", "--json"]
    assert run(make_app(), live(graph, *options)) == 0
    shown = capsys.readouterr()
    summary = json.loads(shown.out)
    assert f"latency {summary['latency']['total_ms']:.0f} ms" in shown.err
    played, rate = soundfile.read(heard)
    mixture = soundfile.read(MIXTURE)[0]
    delay = round(summary["latency"]["total_ms"] * rate / 1000)
    assert len(played) == len(mixture) + delay
    assert signal_to_error_db(np.minimum(mixture, 0), played[delay:]) > 50  # the gain is found while it goes
    sources = [soundfile.read(record / f"source_{number}.wav")[0] for number in (1, 2)]
    np.testing.assert_allclose(soundfile.read(record / "heard.wav")[0], mixture, atol=1e-6)
    np.testing.assert_allclose(sources[1], played[delay:], atol=1e-6)
    assert signal_to_error_db(mixture, sources[0] + sources[1]) > 50
    assert summary["seconds"] == pytest.approx(len(mixture) / rate)
    assert summary["overruns"] == summary["underruns"] == 0


def test_the_table_says_how_it_went(graph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(make_app(), live(graph, "--to-file", str(tmp_path / "heard.wav"))) == 0
    assert "0 blocks, 0.00 s replaced by silence" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--speed", "-1"], "--speed: found -1.0, expected 0"),
        (["--channels", "2"], "--channels: found 2, expected numbers from 1 to 1"),
        (["--channels", "a"], "--channels: found 'a'"),
        (["--source", "3"], "--source: found 3, expected 1 to 2"),
        (["--overlap", "0.9"], "overlap: found 0.9"),
        (["--halo", "full"], "norms span the whole window"),
        (["--from-file", "none.wav"], "none.wav: no such file"),
        (["--to-file", str(MIXTURE)], "found the same file"),
        (["--record", str(MIXTURE)], "can't be written"),
    ],
)
def test_what_is_wrong_is_one_line_and_leaves_nothing(
    graph: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: list[str], words: str
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    assert run(make_app(), live(graph, "--to-file", str(out / "heard.wav"), *options)) == 2
    error = capsys.readouterr().err.strip()
    assert words in error
    assert len(error.splitlines()) == 1
    assert list(out.iterdir()) == []


def test_without_a_graph(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(make_app(), ["live"]) == 2
    assert "GRAPH: found none" in capsys.readouterr().err
    with pytest.raises(OptionError, match="--channels: found '0'"):
        parse_channels("0")


def test_keys_come_without_enter_and_the_terminal_is_put_back(monkeypatch: pytest.MonkeyPatch) -> None:
    import termios

    outside, inside = pty.openpty()
    with os.fdopen(inside, "r") as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        before = termios.tcgetattr(inside)
        with pressed_keys() as keys:
            assert keys() == ""
            os.write(outside, b"2b")
            assert "".join(iter(keys, "")) == "2b"
        assert termios.tcgetattr(inside) == before
    os.close(outside)


def test_the_meter_marks_what_is_heard() -> None:
    state = LiveState(12.3, (-20.0, -60.0), overruns=1, underruns=2)
    lines = picture(state, Controls(source=2)).plain.splitlines()
    assert [line[0] for line in lines[:2]] == [" ", ">"]
    assert [line.count("#") for line in lines[:2]] == [27, 0]
    assert "1 overruns, 2 underruns" in lines[2]
    assert "the microphone itself" in picture(state, Controls(bypass=True)).plain
