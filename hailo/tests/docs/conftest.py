"""A folder with small stand-ins for what a reader has, and what earlier steps would have made there."""

from __future__ import annotations

import contextlib
import io
import shutil
from pathlib import Path

import pytest

from scripts.pages.sandbox import ASSETS, inside, prepare
from tasnet2hef.cli.main import make_app, run

# What the first steps of every page leave behind: of the student, which has a third of the layers, and in half a
# second of window instead of two.
_EARLIER = (
    ("convert", "student.pth", "--seconds", "0.5", "-o", "build/my_model.onnx"),
    ("calibrate", "build/my_model.onnx", "speech/", "-o", "build/calib.npz", "--windows", "4"),
    ("simulate", "build/my_model.onnx", "build/calib.npz", "--quick", "--windows", "2", "--plots", "none"),
)


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = prepare(tmp_path_factory.mktemp("reader"))
    (folder / "hailo").symlink_to(ASSETS.parent)
    shutil.copy(ASSETS / "demo_student.pth", folder / "student.pth")
    with inside(folder), contextlib.redirect_stdout(io.StringIO()):
        for words in _EARLIER:
            assert run(make_app(), ["--quiet", *words]) == 0
    return folder


@pytest.fixture
def readers_folder(prepared: Path, tmp_path: Path) -> Path:
    """A copy of the reader's folder, for one page."""
    return shutil.copytree(prepared, tmp_path / "reader", symlinks=True)
