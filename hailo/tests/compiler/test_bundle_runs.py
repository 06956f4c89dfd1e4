"""A bundle on a machine that has Python and a wheel of the vendor's, and nothing of this project: no clone."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import onnx
import pytest
from onnx import numpy_helper

from tasnet2hef.base.archive import write_archive
from tasnet2hef.compiler.bundle import BUNDLE_FILES
from tests.compiler.conftest import STAND_IN, Bench

SHELL = "/bin/sh"
VENDORS_WHEEL = "hailo_dataflow_compiler-3.33.0-py3-none-linux_x86_64.whl"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel of the stand-in, which brings its dependencies as the vendor's does: those installed here."""
    info = VENDORS_WHEEL.partition("-py3")[0] + ".dist-info"
    members = {f"hailo_sdk_client/{path.name}": path.read_bytes() for path in STAND_IN.glob("*/*.py")}
    members["installed_here.pth"] = f"{sysconfig.get_path('purelib')}\n".encode()
    members[f"{info}/METADATA"] = b"Metadata-Version: 2.1\nName: hailo-dataflow-compiler\nVersion: 3.33.0\n"
    members[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-linux_x86_64\n"
    record = f"{info}/RECORD"
    members[record] = "".join(f"{name},,\n" for name in [*members, record]).encode()
    return write_archive(tmp_path_factory.mktemp("vendor") / VENDORS_WHEEL, members)


@pytest.fixture(scope="module")
def packed(model: Path, calibration: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle in a folder of another name, with nothing beside it."""
    if importlib.util.find_spec("hailo_sdk_client") is not None:
        pytest.skip("the vendor's compiler is installed in this environment")
    bench = Bench(tmp_path_factory.mktemp("packed"), model, calibration)
    with pytest.MonkeyPatch.context() as without:
        without.setenv("PYTHONPATH", str(STAND_IN.parents[2]))
        hand_over = bench.compile().hand_over
    assert hand_over is not None
    if not list(hand_over.bundle.glob("tasnet2hef-*.whl")):
        pytest.skip("tasnet2hef is not installed here, so that it has no metadata to make a wheel of")
    return Path(shutil.move(hand_over.bundle, tmp_path_factory.mktemp("other machine") / "any name"))


def _compile(bundle: Path, folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run its script in a folder, with an empty PATH and without an index to install from."""
    home = {"HOME": str(folder), "XDG_DATA_HOME": str(folder / "data")}
    environment = {"PATH": "", "PIP_NO_INDEX": "1", "PYTHON": sys.executable, **home, **variables}
    command = [SHELL, str(bundle / "compile.sh"), *words]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, cwd=folder)


@pytest.fixture(scope="module")
def compiled(packed: Path, wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder in which a bundle was compiled."""
    folder = tmp_path_factory.mktemp("results of it")
    done = _compile(packed, folder, str(wheel))
    assert done.returncode == 0, done.stdout + done.stderr
    for what in ("system: ", "Python: ", "processor: ", "memory: ", "disk: "):
        assert f"\n{what}" in f"\n{done.stderr}"
    return folder


@pytest.mark.slow
def test_it_ends_with_the_hef_its_sidecar_and_what_may_be_sent(compiled: Path, packed: Path) -> None:
    names = {path.relative_to(compiled).as_posix() for path in compiled.rglob("*")}
    assert {"small.hef", "small.hef.json", "small.run/agreement.json", "small.run/report.zip"} <= names
    assert not [name for name in names if "bundle" in name]
    assert {path.name for path in packed.iterdir()} - {"venv"} == {
        *(path.name for path in BUNDLE_FILES.iterdir()),
        *("bundle.json", "small.onnx", "calibration.npz", "predicted_layers.json"),
        *(path.name for path in packed.glob("tasnet2hef-*.whl")),
    }
    used = json.loads((compiled / "small.hef.json").read_text())
    assert used["provenance"]


@pytest.mark.slow
def test_a_second_run_keeps_the_environment(compiled: Path, packed: Path, wheel: Path) -> None:
    before = (packed / "venv" / ".ready").stat().st_mtime_ns
    for words in ((str(wheel),), ()):
        done = _compile(packed, compiled, *words)
        assert done.returncode == 0, done.stderr
        assert "as an earlier run had it" in done.stderr
    assert (packed / "venv" / ".ready").stat().st_mtime_ns == before


@pytest.mark.slow
def test_an_active_environment_is_used_and_left_as_it_is(compiled: Path, packed: Path, tmp_path: Path) -> None:
    """The environment of the first run plays it: it has the compiler."""
    bundle = Path(shutil.copytree(packed, tmp_path / "second", ignore=shutil.ignore_patterns("venv")))
    active = packed / "venv"
    site = next(active.glob("lib/python3*/site-packages"))
    before = sorted(site.iterdir())
    done = _compile(bundle, tmp_path, PYTHON="", PATH=str(active / "bin"))
    assert done.returncode == 0, done.stderr
    assert str(active) in (bundle / "venv" / ".ready").read_text()
    assert (tmp_path / "small.hef").is_file()
    assert sorted(site.iterdir()) == before


@pytest.mark.parametrize(
    ("words", "code", "printed"),
    [
        ((), 3, "NOT COMPILED: the vendor's compiler is missing: ./compile.sh PATH/hailo_dataflow_compiler"),
        (("none/hailo_dataflow_compiler-3.whl",), 2, "no such file"),
        (("hailort-4.23.0-cp310-cp310-linux_x86_64.whl",), 2, "expected the vendor's wheel"),
        (("--help",), 0, "./compile.sh PATH_OF_THE_VENDORS_WHEEL"),
    ],
)
def test_what_it_can_not_do_is_one_line(
    words: tuple[str, ...], code: int, printed: str, packed: Path, tmp_path: Path
) -> None:
    bundle = Path(shutil.copytree(packed, tmp_path / "fresh", ignore=shutil.ignore_patterns("venv")))
    done = _compile(bundle, tmp_path, *words)
    assert done.returncode == code
    assert printed in done.stdout + done.stderr
    assert len(done.stderr.splitlines()) == (1 if code else 0)
    assert not (bundle / "venv").exists()


@pytest.mark.parametrize(
    ("tag", "wanted"), [("cp310-cp310", "3.10"), ("cp312-cp312", "3.12"), ("py3-none", "3.10")]
)
def test_the_python_is_one_that_the_wheel_is_for(
    tag: str, wanted: str, packed: Path, wheel: Path, tmp_path: Path
) -> None:
    """Programs that only say a version stand in for Python, and fail when an environment is asked of them."""
    vendor = tmp_path / VENDORS_WHEEL.replace("py3-none", tag)
    shutil.copy(wheel, vendor)
    pythons = tmp_path / "pythons"
    pythons.mkdir()
    for version in ("3.10", "3.11", "3.12"):
        fake = pythons / f"python{version}"
        told = f"*\"!= '{version}'\"*) exit 0 ;; *) exit 1 ;;"
        fake.write_text(f'#!/bin/sh\ncase "$*" in {told} esac\n')
        fake.chmod(0o755)
    bundle = Path(shutil.copytree(packed, tmp_path / "fresh", ignore=shutil.ignore_patterns("venv")))
    done = _compile(bundle, tmp_path, str(vendor), PYTHON="", PATH=str(pythons), ANY_HOST="1")
    assert done.returncode == 3
    assert f"python{wanted} can't make" in done.stderr


@pytest.mark.slow
def test_the_report_to_send_holds_no_weights_and_nothing_private(
    compiled: Path, packed: Path, wheel: Path
) -> None:
    with zipfile.ZipFile(compiled / "small.run" / "report.zip") as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert {name.partition("/")[0] for name in members} == {
        *("README.md", "report.json", "check.json", "predicted_layers.json"),
        *("agreement.json", "agreement.md", "versions.json", "logs"),
    }
    everything = b"\n".join(members.values())
    text = everything.decode("utf-8")
    for private in (compiled, packed, Path.home()):
        assert str(private) not in text
    assert "stand-in-for-tests" in members["versions.json"].decode()
    for tensor in onnx.load(str(packed / "small.onnx")).graph.initializer:
        values = numpy_helper.to_array(tensor).ravel()
        if values.size >= 4:  # fewer are sizes and constants, which the layers' parameters name
            assert values.tobytes() not in everything
            told = [f"{value:.6g}" for value in values[:50]]
            # A round one, such as a slope of 0.25, may be a stage's seconds.
            assert not [number for number in told if len(number) > 6 and number in text], tensor.name


def test_the_dockerfile_copies_what_is_there(packed: Path) -> None:
    """No Docker here: its sources exist, and its shell lines are sound."""
    lines = (packed / "Dockerfile").read_text().replace("\\\n", " ").splitlines()
    steps = [line.split(maxsplit=1) for line in lines if line and line[0] != "#"]
    assert steps[0] == ["FROM", "ubuntu:22.04"]
    assert {word for word, _ in steps} <= {"FROM", "ENV", "RUN", "COPY", "WORKDIR", "ENTRYPOINT"}
    for word, rest in steps:
        if word == "RUN":
            assert subprocess.run([SHELL, "-n", "-c", rest], check=False).returncode == 0
        elif word == "COPY":
            *options, source, _target = rest.split()
            if options == ["--from=dfc"]:
                assert fnmatch(VENDORS_WHEEL, source)
            else:
                assert (packed / source).exists()
        elif word == "ENTRYPOINT":
            assert (packed / Path(json.loads(rest)[1]).name).is_file()


def test_its_readme_is_ten_lines_and_names_the_files(packed: Path) -> None:
    text = (packed / "README.md").read_text()
    assert len(text.splitlines()) == 10
    for name in ("compile.sh", "agreement.json", "report.zip", "16 GB", "docker build"):
        assert name in text
    assert os.access(packed / "compile.sh", os.X_OK)
