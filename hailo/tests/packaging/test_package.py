"""What the wheel and the sdist hold, and that the wheel works away from the checkout."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path

import onnx
import pytest

from tasnet2hef.base.version import __version__
from tasnet2hef.target.rules.framework.discovery import all_rules
from tasnet2hef.target.rules.row_too_wide import RULE
from tests.conftest import HAS_TORCH
from tests.packaging.conftest import ROOT

pytestmark = pytest.mark.slow
LARGEST_BYTES = 4_000_000
ASSETS = {"README.md", "demo_student.pth", "demo_mixture.wav", "demo_source_1.wav", "demo_source_2.wav"}
"""What `demo` needs, and where that comes from."""
CLIENT = """from tasnet2hef.target.check import check_file
found: list[str] = [finding.rule for finding in check_file("graph.onnx", "hailo8").findings]
wrong: int = check_file("graph.onnx", "hailo8").name
"""
SETTINGS = """[mypy]
strict = true
[mypy-torch.*,numpy.*,onnx.*,google.*,rich.*]
follow_imports = skip
"""
"""What the package builds on is not followed: PyTorch's sources take mypy 15 of 18 s."""


def names_of(dist: Path) -> dict[str, set[str]]:
    """Return the names of the files in the wheel and in the sdist, the latter without its first folder."""
    (wheel,), (sdist,) = dist.glob("*.whl"), dist.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive, tarfile.open(sdist) as packed:
        members = {member.name.partition("/")[2] for member in packed.getmembers() if member.isfile()}
        return {"wheel": set(archive.namelist()), "sdist": members}


def test_everything_of_the_package_is_there(dist: Path) -> None:
    package = ROOT / "hailo" / "tasnet2hef"
    files = [path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    names = names_of(dist)
    assert {str(path.relative_to(package.parent)) for path in files} <= names["wheel"]
    assert {str(path.relative_to(ROOT)) for path in files} <= names["sdist"]
    assert {"LICENSE", "README.md", "pyproject.toml"} <= names["sdist"]
    assert f"tasnet2hef-{__version__}.dist-info/licenses/LICENSE" in names["wheel"]


def test_nothing_else_is_there(dist: Path) -> None:
    for kind, names in names_of(dist).items():
        assets = {name.rpartition("/")[2] for name in names if "/assets/" in name}
        assert assets == ASSETS, kind
        strangers = [
            name for name in names if "tests/" in name or ("/assets/" not in name and name.endswith(".pth"))
        ]
        assert strangers == [], kind
    tops = {name.partition("/")[0] for name in names_of(dist)["wheel"]}
    assert tops == {"tasnet2hef", f"tasnet2hef-{__version__}.dist-info"}
    for path in dist.iterdir():
        assert path.stat().st_size < LARGEST_BYTES, path.name


def test_the_metadata_is_complete(installed: Path) -> None:
    (metadata,) = installed.parents[1].rglob(f"tasnet2hef-{__version__}.dist-info/METADATA")
    fields = Parser().parsestr(metadata.read_text())
    assert fields["Version"] == __version__
    assert fields["License-Expression"] == "Apache-2.0"
    assert fields["Requires-Python"] == ">=3.10"
    assert {"torch", "plots", "live", "device"} <= set(fields.get_all("Provides-Extra") or [])
    core = [line for line in fields.get_all("Requires-Dist") or [] if "extra ==" not in line]
    assert not [line for line in core if line.startswith(("torch", "matplotlib", "sounddevice"))]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder outside the checkout, with a graph that `check` refuses."""
    onnx.save(RULE.bad[0](), str(tmp_path / "graph.onnx"))
    return tmp_path


def _run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(words, capture_output=True, text=True, check=False, cwd=folder, env=environment)


@pytest.mark.parametrize(
    ("words", "code", "printed"),
    [
        (["rules"], 0, f"{len(all_rules())} rules"),
        (["layers", "graph.onnx"], 0, "conv1"),
        (["check", "graph.onnx"], 1, "row-too-wide"),
        pytest.param(
            ["demo", "--seconds", "1"],
            0,
            "report, to be opened",
            marks=pytest.mark.skipif(not HAS_TORCH, reason="needs torch"),
        ),
    ],
)
def test_the_wheel_works_outside_the_checkout(
    words: list[str], code: int, printed: str, folder: Path, installed: Path
) -> None:
    place = _run([str(installed), "-c", "import tasnet2hef; print(tasnet2hef.__file__)"], folder)
    assert place.stdout.startswith(str(installed.parents[1])), place.stdout + place.stderr
    done = _run([str(installed), "-m", "tasnet2hef", *words], folder)
    assert done.returncode == code, done.stderr
    assert printed in done.stdout


@pytest.mark.parametrize(
    ("is_typed", "fields"),
    [(True, "Incompatible types in assignment"), (False, "missing library stubs or py.typed")],
)
def test_a_client_is_type_checked(is_typed: bool, fields: str, folder: Path, installed: Path) -> None:
    if importlib.util.find_spec("mypy") is None:
        pytest.skip("needs mypy, which this environment is without")
    (folder / "client.py").write_text(CLIENT)
    (folder / "mypy.ini").write_text(SETTINGS)
    (marker,) = installed.parents[1].rglob("tasnet2hef/py.typed")
    words = [sys.executable, "-m", "mypy", "--python-executable", str(installed), "client.py"]
    if not is_typed:
        marker.unlink()
    try:
        done = _run(words, folder)
    finally:
        marker.touch()
    assert fields in done.stdout, done.stdout + done.stderr
    assert "Found 1 error" in done.stdout, done.stdout
