"""Marks: read back from every format; never found in a file that only mentions one."""

import json
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pytest
import soundfile

from tasnet2hef.base.marks import ONNX_KEY, Mark, mark_archive, mark_in

MARK = Mark.of("convert", "a checkpoint")
OTHER = f"my notes: {MARK.text} made this\n"


def _archive(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", b"content")
    mark_archive(path, MARK.text)


def _wav(path: Path, kind: str = "WAV") -> None:
    with soundfile.SoundFile(path, "w", 8000, 2, format=kind) as recording:
        recording.comment = MARK.text
        recording.write(np.zeros((20_000, 2)))


def _flac(path: Path) -> None:
    _wav(path, "FLAC")


def _onnx(path: Path) -> None:
    weights = onnx.numpy_helper.from_array(np.zeros(10_000, np.float32), "weights")
    graph = onnx.helper.make_graph([], "g", [], [], [weights])
    model = onnx.helper.make_model(graph)
    onnx.helper.set_model_props(model, {"another": "x" * 3000, ONNX_KEY: MARK.text})
    onnx.save(model, path)


def _json(path: Path) -> None:
    path.write_text(json.dumps({"made_by": MARK.text, "more": [1] * 5000}, indent=1))


def _html(path: Path) -> None:
    path.write_text(f'<!doctype html>\n<html>\n<meta name="generator" content="{MARK.text}">\n')


def _script(path: Path) -> None:
    path.write_text(MARK.in_text("a_command()\n"))


def _markdown(path: Path) -> None:
    path.write_text(MARK.in_text("# Title\n", "<!-- {} -->"))


FORMS = [_archive, _wav, _flac, _onnx, _json, _html, _script, _markdown]


@pytest.mark.parametrize("write", FORMS)
def test_a_mark_is_read_back(tmp_path: Path, write) -> None:
    path = tmp_path / "file"
    write(path)
    assert mark_in(path) == MARK.text


@pytest.mark.parametrize(
    "start", ["", "# Notes\n", "<!doctype html>", '{"a": "', "PK\x03\x04", "RIFF", "fLaC", "\x08"]
)
def test_a_file_that_mentions_a_mark_has_none(tmp_path: Path, start: str) -> None:
    path = tmp_path / "file"
    path.write_text(start + OTHER)
    assert mark_in(path) == ""


def test_an_edited_text_is_the_users(tmp_path: Path) -> None:
    path = tmp_path / "net.alls"
    _script(path)
    path.write_text(f"{path.read_text()}mine()\n")
    assert mark_in(path) == ""


def test_a_mark_beside_belongs_to_one_content(tmp_path: Path) -> None:
    hef, beside = tmp_path / "net.hef", tmp_path / "hef.json"
    hef.write_bytes(b"program")
    beside.write_text(MARK.beside(hef))
    assert mark_in(hef, beside) == MARK.text
    hef.write_bytes(b"another program")
    assert mark_in(hef, beside) == ""


def test_nothing_and_folders_have_no_mark(tmp_path: Path) -> None:
    assert mark_in(tmp_path) == mark_in(tmp_path / "none") == mark_in(tmp_path, tmp_path / "none") == ""


def test_a_marked_archive_is_still_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", values=np.arange(3))
    mark_archive(tmp_path / "a.npz", MARK.text)
    np.testing.assert_array_equal(np.load(tmp_path / "a.npz")["values"], [0, 1, 2])
