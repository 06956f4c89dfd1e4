"""Gathering facts: whatever a Python or a tool does, a result is returned in bounded time."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import psutil
import pytest

from tasnet2hef.diagnose.doctor import gather
from tasnet2hef.diagnose.doctor.run_bounded import run_bounded
from tests.compiler.conftest import STAND_IN

HOME = STAND_IN.parents[2]
RUNTIME = '''
"""A stand-in for hailo_platform, for tests."""
__version__ = "4.23.0"
class VDevice:
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def get_physical_devices_ids(self): {answer}
'''


@pytest.fixture
def with_runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a file for a stand-in runtime that the Python of these tests can import."""
    package = tmp_path / "packages" / "hailo_platform"
    package.mkdir(parents=True)
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(package.parent), str(HOME)]))
    return package / "__init__.py"


def _script(path: Path, text: str) -> Path:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


def test_this_python_and_its_packages() -> None:
    import numpy

    environment = gather.probe_environment("here", Path(sys.executable))
    assert environment.problem == ""
    assert environment.packages["numpy"] == numpy.__version__
    assert environment.python_version == ".".join(map(str, sys.version_info[:3]))


def test_an_environment_that_is_not_there() -> None:
    environment = gather.probe_environment("to-hailo-env", Path("/nowhere/python"))
    assert (environment.python_version, environment.problem) == ("", "")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("exit 3", "exit code 3"),
        ("kill -SEGV $$", "killed by SIGSEGV"),
        ("echo nonsense", "it printed no result"),
        ("echo 'tasnet2hef-doctor: {\"pyth'", "cut short"),
        ("sleep 600", "out of time"),
    ],
)
def test_a_python_that_misbehaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, words: str) -> None:
    if words == "out of time":  # the others end by themselves, on a busy machine later
        monkeypatch.setattr(gather, "SECONDS", dict.fromkeys(gather.SECONDS, 0.5))
    environment = gather.probe_environment("odd", _script(tmp_path / "python", text))
    assert words in environment.problem
    assert environment.python_version == ""


def test_the_compiler_is_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(STAND_IN), str(HOME)]))
    dfc = gather.probe_environment("here", Path(sys.executable)).dfc
    assert (dfc.installed, dfc.version, dfc.problem) == (True, "0.0.0-stand-in-for-tests", "")


def test_a_device_is_opened(with_runtime: Path) -> None:
    with_runtime.write_text(RUNTIME.format(answer="print('noise'); return ['0000:01:00.0']"))
    environment = gather.probe_environment("here", Path(sys.executable))
    assert environment.hailort.version == "4.23.0"
    assert environment.devices == ("0000:01:00.0",)


@pytest.mark.slow
def test_a_device_that_hangs_is_stopped(with_runtime: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_runtime.write_text(RUNTIME.format(answer="import time; time.sleep(600)"))
    monkeypatch.setitem(gather.SECONDS, "devices", 1.5)
    environment = gather.probe_environment("here", Path(sys.executable))
    assert environment.hailort.problem == ""
    assert environment.devices == ()
    assert "out of time" in environment.device_problem


def test_a_runtime_without_its_library(with_runtime: Path) -> None:
    with_runtime.write_text("raise ImportError('libhailort.so.4.23.0: cannot open shared object file')")
    hailort = gather.probe_environment("here", Path(sys.executable)).hailort
    assert hailort.installed
    assert "libhailort.so.4.23.0" in hailort.problem


def test_the_command_line_version_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _script(tmp_path / "hailortcli", "echo HailoRT-CLI version 4.23.0")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    machine = gather.probe_machine(tmp_path / "not" / "yet")
    assert (machine.command_line, machine.command_line_version) == (str(tmp_path / "hailortcli"), "4.23.0")
    assert machine.folder == str(tmp_path)
    assert machine.free_disk_bytes > 0


@pytest.mark.parametrize("module", gather.DRIVER_MODULES)
def test_the_loaded_driver(tmp_path: Path, module: str) -> None:
    assert gather.loaded_driver(tmp_path) == ("", "")
    (tmp_path / module).mkdir()
    (tmp_path / module / "version").write_text("5.3.0\n")
    assert gather.loaded_driver(tmp_path) == (module, "5.3.0")


def test_no_process_is_left_running(tmp_path: Path) -> None:
    marker = f"sleep {1_000_000 + os.getpid()}"
    run = run_bounded(["/bin/sh", "-c", f"setsid {marker} & echo here; {marker}"], 0.5)
    assert "out of time" in run.problem
    assert "here" in run.output
    limit = time.monotonic() + 60  # against hanging: a killed process is gone when the kernel comes round to it
    while left := [pid for pid in psutil.pids() if marker.encode() in _command_line(pid)]:
        assert time.monotonic() < limit, f"still running: {left}"
        time.sleep(0.05)


def _command_line(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    except OSError:
        return b""
