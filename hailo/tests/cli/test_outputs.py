"""What a command writes destroys nothing: for every command that writes a file which the user names."""

from __future__ import annotations

import json
import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile

from tasnet2hef.cli.main import make_app, run
from tests.conftest import HAS_TORCH
from tests.sign_split import make_contract, save_graph

ASSETS = Path(__file__).parents[2] / "assets"


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a graph, a recording, a folder of speech and a log; it is the current one."""
    save_graph(tmp_path / "net.onnx", make_contract())
    shutil.copy(ASSETS / "demo_mixture.wav", tmp_path / "rec.wav")
    (tmp_path / "speech").mkdir()
    shutil.copy(ASSETS / "demo_source_1.wav", tmp_path / "speech" / "voice.wav")
    (tmp_path / "log.txt").write_text("Error: out of memory\n")
    shutil.copy(ASSETS / "demo_student.pth", tmp_path / "net.pth")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _tasnet2hef(line: str) -> int:
    return run(make_app(), line.split())


WRITERS = {
    "convert": ("convert net.pth --seconds 0.2 -o OUT", "result.onnx"),
    "separate": ("separate net.onnx rec.wav -o out", "out/rec_source_2.wav"),
    "live --to-file": ("live net.onnx --from-file rec.wav --speed 0 --to-file OUT", "result.wav"),
    "live --record": (
        "live net.onnx --from-file rec.wav --speed 0 --to-file heard.wav --record out",
        "out/source_1.wav",
    ),
    "calibrate": ("calibrate net.onnx speech -n 2 -o OUT", "result.npz"),
    "patch": ("patch net.onnx -o OUT", "result.onnx"),
    "explain": ("explain log.txt -o OUT", "result.md"),
}
NEEDS_TORCH = pytest.mark.skipif(not HAS_TORCH, reason="converting needs torch")
WRITERS_ONCE = pytest.mark.parametrize(
    ("line", "name"),
    [pytest.param(*each, marks=NEEDS_TORCH if key == "convert" else ()) for key, each in WRITERS.items()],
    ids=WRITERS,
)


def _line(line: str, name: str) -> str:
    return line.replace("OUT", name)


def _content(path: Path) -> bytes:
    """Return a file's bytes; those of the samples of a float WAV, whose header holds the time."""
    return soundfile.read(path)[0].tobytes() if path.suffix == ".wav" else path.read_bytes()


@WRITERS_ONCE
def test_a_second_run_replaces_the_result_of_the_first(place: Path, line: str, name: str) -> None:
    assert _tasnet2hef(_line(line, name)) == 0
    before = _content(place / name)
    assert _tasnet2hef(_line(line, name)) == 0
    assert _content(place / name) == before


@WRITERS_ONCE
def test_a_file_of_the_user_is_kept(place: Path, line: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (place / name).parent.mkdir(exist_ok=True)
    (place / name).write_bytes(b"mine")
    assert _tasnet2hef(_line(line, name)) == 2
    error = capsys.readouterr().err
    assert "found a file that this command did not make" in error
    assert "--force" in error
    assert (place / name).read_bytes() == b"mine"
    assert _tasnet2hef(f"{_line(line, name)} --force") == 0
    assert (place / name).read_bytes() != b"mine"


def _inputs_of(line: str) -> list[Path]:
    return [Path(word) for word in line.split() if Path(word).is_file()] + list(Path("speech").iterdir())


@pytest.mark.parametrize("link", [Path.symlink_to, Path.hardlink_to])
@WRITERS_ONCE
def test_an_input_is_never_replaced(
    place: Path,
    line: str,
    name: str,
    link: Callable[[Path, Path], None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    output = place / name
    output.parent.mkdir(exist_ok=True)
    for source in _inputs_of(line):
        if "speech" in line or source.parent != Path("speech"):
            before = source.read_bytes()
            link(output, source.absolute())
            assert _tasnet2hef(f"{_line(line, name)} --force") == 2
            assert "\n" not in capsys.readouterr().err.strip()
            assert source.read_bytes() == output.read_bytes() == before
            output.unlink()


@WRITERS_ONCE
def test_a_pipe_is_never_replaced(place: Path, line: str, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    (place / name).parent.mkdir(exist_ok=True)
    os.mkfifo(place / name)
    assert _tasnet2hef(f"{_line(line, name)} --force") == 2
    assert "is a pipe" in capsys.readouterr().err
    assert stat.S_ISFIFO((place / name).stat().st_mode)


@WRITERS_ONCE
def test_nothing_but_the_results_is_left_behind(place: Path, line: str, name: str) -> None:
    before = set(place.rglob("*"))
    assert _tasnet2hef(_line(line, name)) == 0
    made = {path for path in set(place.rglob("*")) - before if path.is_file()}
    assert place / name in made
    assert not [path for path in made if path.name.startswith(".")]


def test_another_recording_of_the_same_name_keeps_the_first_ones_sources(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "b").mkdir()
    shutil.copy(ASSETS / "demo_source_1.wav", place / "b" / "rec.wav")
    assert _tasnet2hef("separate net.onnx rec.wav -o out") == 0
    before = (place / "out/rec_source_1.wav").read_bytes()
    assert _tasnet2hef("separate net.onnx b/rec.wav -o out") == 2
    assert "made from other inputs" in capsys.readouterr().err
    assert (place / "out/rec_source_1.wav").read_bytes() == before


def test_external_weights_are_inputs(place: Path) -> None:
    import onnx

    onnx.save(onnx.load("net.onnx"), "big.onnx", save_as_external_data=True, location="big.data", size_threshold=0)
    Path("big.data").touch()
    model = onnx.load("big.onnx", load_external_data=False)
    weights = onnx.helper.make_tensor("w", onnx.TensorProto.FLOAT, [0], b"", raw=True)
    onnx.external_data_helper.set_external_data(weights, "big.data")
    weights.data_location = onnx.TensorProto.EXTERNAL
    model.graph.initializer.append(weights)
    Path("big.onnx").write_bytes(model.SerializeToString())
    Path("rec_source_1.wav").symlink_to("big.data")
    assert _tasnet2hef("separate big.onnx rec.wav -o . --force") == 2
    assert Path("big.data").read_bytes() == b""


def test_an_edited_model_script_is_kept(place: Path) -> None:
    assert _tasnet2hef("calibrate net.onnx speech -n 2 -o calib.npz") == 0
    simulate = "simulate net.onnx calib.npz --quick --plots none"
    assert _tasnet2hef(simulate) == 1, "random weights are broken at 8 bits"
    assert _tasnet2hef(simulate) == 1
    script = place / "net.alls"
    script.write_text(f"{script.read_text()}# mine\n")
    assert _tasnet2hef(simulate) == 2
    assert script.read_text().endswith("# mine\n")
    assert _tasnet2hef(f"{simulate} --force") == 1
    assert not script.read_text().endswith("# mine\n")


def test_the_graph_itself_is_patched_in_place_only_without_an_output(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (place / "net.onnx").read_bytes()
    assert _tasnet2hef("patch net.onnx -o ./net.onnx --force") == 2
    assert "leave -o out" in capsys.readouterr().err
    assert (place / "net.onnx").read_bytes() == before


def test_a_page_keeps_what_it_did_not_make(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = place / "net.report" / "report.html"
    page.parent.mkdir()
    page.write_text("mine")
    assert _tasnet2hef("check net.onnx") == 0
    assert [path.name for path in page.parent.iterdir()] == ["report.html"], "a look leaves nothing behind"
    assert _tasnet2hef("check net.onnx --page") == 0
    assert "no report page" in capsys.readouterr().err
    assert _tasnet2hef("report net.onnx") == 2
    assert page.read_text() == "mine"
    assert _tasnet2hef("report net.onnx --force") == 0
    assert _tasnet2hef("report net.onnx") == 0
    assert page.read_text() != "mine"


@NEEDS_TORCH
def test_files_of_the_pipeline_are_checked_before_the_export(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "build").mkdir()
    (place / "build" / "net.hef").write_bytes(b"mine")
    assert _tasnet2hef("convert net.pth --seconds 0.2 --calib-audio speech -o build --json") == 2
    assert "net.hef: found a file that this command did not make" in capsys.readouterr().err
    assert [path.name for path in (place / "build").iterdir()] == ["net.hef"]


def test_the_room_is_checked_before_the_work(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    usage = shutil.disk_usage(place)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage._replace(free=1000))
    assert _tasnet2hef("separate net.onnx rec.wav -o out --json") == 2
    assert "MB of free space, expected" in capsys.readouterr().err
    assert not list((place / "out").iterdir())


def test_a_lock_is_no_file_of_the_user(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _tasnet2hef("calibrate net.onnx speech -n 2 -o calib.npz") == 0
    (place / "net.run").mkdir()
    (place / "net.run" / "check.json").write_text(json.dumps({}))
    (place / "net.run" / "lock").symlink_to(place / "log.txt")
    assert _tasnet2hef("compile net.onnx --calib calib.npz") == 2
    assert (place / "log.txt").read_text() == "Error: out of memory\n"
