"""The command line: help that teaches, one line for what is wrong, exit codes, JSON."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.cli.main import make_app, run
from tasnet2hef.cli.options import parse_channel, parse_settings
from tests.conftest import HAS_TORCH

pytestmark = pytest.mark.usefixtures("without_charts")
ASSETS = Path(__file__).parents[2] / "assets"
needs_torch = pytest.mark.skipif(not HAS_TORCH, reason="needs torch, which this environment is without")


def test_help_lists_every_command_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(make_app(), ["--help"]) == 0
    listed = capsys.readouterr().out
    for name in ("convert", "patch", "separate"):
        assert name in listed
        assert run(make_app(), [name, "--help"]) == 0
        assert f"tasnet2hef {name}" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["separate", "none.onnx", "none.wav"], "none.onnx"),
        (["patch", "none.onnx"], "none.onnx: no such file"),
        (["patch", "a:x:b.onnx"], "a:x:b.onnx: no such file"),
        (["separate", "a.onnx", "b.wav", "--channel", "left"], "--channel: found 'left'"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert run(make_app(), [*arguments, "-o", str(tmp_path / "out")]) == 2
    error = capsys.readouterr().err.strip()
    assert words in error
    assert "\n" not in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("words", "found", "do"),
    [
        (["check", "a.pth"], "is a PyTorch checkpoint", "tasnet2hef convert a.pth"),
        (["check", "old.pth"], "is a PyTorch checkpoint", "tasnet2hef convert old.pth"),
        (["separate", "a.wav", "a.pth"], "is audio", "tasnet2hef separate GRAPH.onnx a.wav"),
        (["check", "my a.flac"], "is audio", "tasnet2hef separate GRAPH.onnx 'my a.flac'"),
        (["layers", "c.npz"], "is an archive of arrays", "the graph comes first"),
        (["compile", "a.hef"], "is a HEF, compiled already", "tasnet2hef separate a.hef RECORDING.wav"),
        (["compile", "gone/bundle"], "gone/bundle: no such file or folder", "a bundle's folder"),
        (["check", "speech"], "is a folder", "give an ONNX file"),
        (["check", "https://x.org/a.onnx"], "https://x.org/a.onnx: is a URL", "curl -LO https://x.org/a.onnx"),
        (["rules", "row-to-wide"], "found 'row-to-wide'", "did you mean row-too-wide?"),
        (["rules", "Held-Map"], "found 'Held-Map'", "did you mean held-map?"),
        (["explain", "a.log", "--stage", "optimise"], "found 'optimise'", "did you mean optimize?"),
    ],
)
def test_what_was_given_is_named_with_the_command_that_takes_it(
    words: list[str],
    found: str,
    do: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    contents = {"a.pth": b"PK\x03\x04", "old.pth": b"\x80\x02", "a.wav": b"RIFF", "my a.flac": b"fLaC"}
    contents |= {"c.npz": b"PK\x03\x04" + bytes(26) + b"frames.npy", "a.hef": b"\x01HEF", "a.log": b"x"}
    for name, head in contents.items():
        Path(name).write_bytes(head + bytes(100))
    Path("speech").mkdir()
    assert run(make_app(), words) == 2
    error = capsys.readouterr().err.strip()
    assert found in error
    assert do in error
    assert "\n" not in error


def test_a_wrong_command_line_is_exit_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(make_app(), ["convert"]) == 2
    assert run(make_app(), ["nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


@pytest.mark.slow
@needs_torch
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--seconds", "0"], "seconds: found 0"),
        (["--layout", "square"], "layout: found 'square'"),
        (["--hw", "hailo9"], "hailo9: no such chip"),
        (["--set", "n_blocks"], "--set: found 'n_blocks'"),
        (["--set", "n_blocks=7"], "n_blocks"),
        (["--set", "colour=red"], "colour"),
    ],
)
def test_wrong_options_of_convert_are_one_line(
    options: list[str], words: str, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    model = str(ASSETS / "demo_model.pth")
    assert run(make_app(), ["convert", model, "-o", str(tmp_path), *options]) == 2
    error = capsys.readouterr().err.strip()
    assert words in error
    assert "\n" not in error
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
@needs_torch
def test_the_first_five_minutes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    convert = ["convert", str(ASSETS / "demo_model.pth"), "--seconds", "1", "-o", str(tmp_path), "--json"]
    assert run(make_app(), convert) == 0
    report = json.loads(capsys.readouterr().out)
    assert min(row["db"] for row in report["parity"]) >= 90.0
    assert report["check"]["compiled_layers"] > 0
    assert "error" not in report["check"]["verdict"]
    references = [word for n in (1, 2) for word in ("--reference", str(ASSETS / f"demo_source_{n}.wav"))]
    mixture = str(ASSETS / "demo_mixture.wav")
    assert run(make_app(), ["separate", report["onnx"], mixture, "-o", str(tmp_path), "--json", *references]) == 0
    separated = json.loads(capsys.readouterr().out)
    assert len(separated["outputs"]) == 2
    assert all(Path(path).stat().st_size > 100_000 for path in separated["outputs"])
    assert len(separated["si_sdr_db"]) == 2
    assert separated["rtf"] > 0
    assert run(make_app(), ["patch", report["onnx"]]) == 0
    assert "needs no patches" in capsys.readouterr().out


def test_settings_are_json_or_text() -> None:
    assert parse_settings(["a=1", "b=True", "c=none", "d=x=y"]) == {"a": 1, "b": True, "c": "none", "d": "x=y"}


def test_channels() -> None:
    assert [parse_channel(text) for text in ("mix", "each", "2")] == ["mix", "each", 2]
    with pytest.raises(OptionError, match="expected mix, each or a number"):
        parse_channel("-1")
