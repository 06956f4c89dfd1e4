"""The installed compiler is found by its package's metadata, in this environment or another."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tasnet2hef.target.known import installed
from tasnet2hef.target.known.installed import installed_compiler


def _environment(folder: Path, name: str) -> Path:
    (folder / "lib" / "python3.10" / "site-packages" / name).mkdir(parents=True)
    return folder / "bin" / "python"


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("hailo_dataflow_compiler-3.33.0.dist-info", "3.33.0"),
        ("hailo_dataflow_compiler-5.3.0.post1.dist-info", "5.3.0.post1"),
        ("hailort-4.23.0.dist-info", ""),
    ],
)
def test_another_environment(tmp_path: Path, name: str, version: str) -> None:
    assert installed_compiler(str(_environment(tmp_path, name))) == version


def test_this_environment_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    packages = tmp_path / "packages"
    (packages / "hailo_dataflow_compiler-3.34.0.dist-info").mkdir(parents=True)
    metadata = "Metadata-Version: 2.1\nName: hailo-dataflow-compiler\nVersion: 3.34.0\n"
    (packages / "hailo_dataflow_compiler-3.34.0.dist-info" / "METADATA").write_text(metadata)
    beside = _environment(tmp_path / "env", "hailo_dataflow_compiler-5.3.0.dist-info")
    monkeypatch.setattr(installed, "environment_python", lambda _name: beside)
    assert installed_compiler() == "5.3.0"
    monkeypatch.syspath_prepend(str(packages))
    assert installed_compiler() == "3.34.0"
    assert installed_compiler(sys.executable) == "3.34.0"


def test_nothing_is_installed(tmp_path: Path) -> None:
    assert installed_compiler(str(tmp_path / "bin" / "python")) == ""
    assert installed_compiler("/nowhere/python") == ""
