"""The wheel that is made of what runs here: whole, the same each time, and told apart from what is not code."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import zipfile
from email.parser import Parser
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from tasnet2hef.base.version import __version__
from tasnet2hef.compiler import own_wheel
from tasnet2hef.compiler.own_wheel import write_own_wheel

PACKAGE = Path(own_wheel.__file__).parents[1]
INFO = f"tasnet2hef-{__version__}.dist-info"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = write_own_wheel(tmp_path_factory.mktemp("wheel"))
    if path is None:
        pytest.skip("tasnet2hef is not installed here, so that it has no metadata to make a wheel of")
    return path


def test_it_holds_the_package_and_its_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        fields = Parser().parsestr(archive.read(f"{INFO}/METADATA").decode())
        script = archive.read(f"{INFO}/entry_points.txt").decode()
    sources = {path.relative_to(PACKAGE.parent).as_posix() for path in PACKAGE.rglob("*.py")}
    assert sources <= names
    assert {
        "tasnet2hef/py.typed",
        "tasnet2hef/compiler/bundle_files/compile.sh",
        f"{INFO}/licenses/LICENSE",
    } <= names
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".pth"))]
    assert fields["Version"] == __version__
    assert [line for line in fields.get_all("Requires-Dist") or [] if line.startswith("numpy")]
    assert "tasnet2hef = tasnet2hef.cli.main:main" in script


def test_its_record_lists_every_file_with_its_digest(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(archive.read(f"{INFO}/RECORD").decode()))}
        assert set(rows) == set(archive.namelist())
        for name, (digest, size) in rows.items():
            if name.endswith("/RECORD"):
                continue
            content = archive.read(name)
            expected = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
            assert (digest, size) == (f"sha256={expected}", str(len(content))), name


def test_its_bytes_depend_on_the_package_alone(wheel: Path, tmp_path: Path) -> None:
    again = write_own_wheel(tmp_path)
    assert again is not None
    assert again.read_bytes() == wheel.read_bytes()


def test_without_metadata_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(own_wheel, "distribution", missing)
    assert write_own_wheel(tmp_path) is None
    assert list(tmp_path.iterdir()) == []
