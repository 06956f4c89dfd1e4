"""The wheel and the sdist, built once, and the wheel unpacked outside the checkout."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib.metadata import distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NOT_OF_THE_SOURCES = (".*", "build", "dist", "to-onnx-env", "to-hailo-env", "__pycache__", "*.egg-info")


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build both as `make package` does, but with the packages that are installed here.

    From a copy, for the build writes beside its sources, and another process of these tests may build as well.
    """
    if not any(
        installed_one.metadata["Name"] == "build" for installed_one in distributions()
    ):  # the folder build/ would import too
        pytest.skip("needs the package build (requirements/docs.txt), which this environment is without")
    folder, sources = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("sources") / "checkout"
    shutil.copytree(ROOT, sources, ignore=shutil.ignore_patterns(*NOT_OF_THE_SOURCES))
    words = [sys.executable, "-m", "build", "--no-isolation", "--outdir", str(folder), str(sources)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture(scope="session")
def installed(dist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an environment that holds the wheel alone, and sees the packages that are installed here, but this one.

    Returns:
        its Python. Unpacking is all that an installation of a pure wheel adds, besides the script.
    """
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False)
    site = Path(sysconfig.get_path("purelib", vars={"base": str(folder)}))
    (wheel,) = dist.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # Files *.pth of a folder that is added so are not read, and with them the editable install of the checkout.
    (site / "here.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return folder / "bin" / "python"
