"""Standard streams that are closed, full, cut off or ASCII: no traceback, and the exit code of the work."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.program import finish, start

pytestmark = pytest.mark.slow
ASCII = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C"}


def _shell(line: str) -> subprocess.CompletedProcess[str]:
    """Run a line of the shell in which T is the program."""
    program = f'"{sys.executable}" -m tasnet2hef'
    return subprocess.run(
        ["bash", "-c", line.replace("T ", f"{program} ", 1)], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("words", ["rules --json", "--help"])
@pytest.mark.parametrize("reader", ["true", "head -c 1"])
def test_a_reader_that_goes_is_no_failure(words: str, reader: str) -> None:
    done = _shell(f"T {words} | {reader}; exit ${{PIPESTATUS[0]}}")
    assert done.returncode == 0
    assert done.stderr == ""


def test_work_goes_on_after_its_reader_went(model: Path) -> None:
    done = _shell(f"T check '{model}' --page | true; exit ${{PIPESTATUS[0]}}")
    assert done.returncode == 0, done.stderr
    assert model.with_name("model.report").joinpath("report.html").stat().st_size > 1000


@pytest.mark.parametrize("closed", [">&-", ">&- 2>&- <&-"])
def test_closed_streams(closed: str, model: Path) -> None:
    done = _shell(f"T check '{model}' --page --json {closed}")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    page = model.with_name("model.report") / "report.html"
    assert page.read_text(encoding="utf-8").startswith("<!doctype html>"), "no output went into a file"


def test_a_closed_stderr_keeps_the_exit_code() -> None:
    assert _shell("T check none.onnx 2>&-").returncode == 2


def test_a_closed_stdin_is_empty() -> None:
    done = _shell("T explain - <&-")
    assert done.returncode == 2
    assert done.stderr.startswith("error: standard input: is empty")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
@pytest.mark.parametrize("words", ["rules", "--help"])
def test_a_full_stdout_is_one_line(words: str) -> None:
    done = _shell(f"T {words} > /dev/full")
    assert done.returncode == 1
    assert done.stderr.startswith("error: stdout: can't be written (No space left on device); ")
    assert done.stderr.count("\n") == 1


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_stderr_keeps_the_exit_code() -> None:
    assert _shell("T check none.onnx 2> /dev/full").returncode == 2


def test_ascii_streams() -> None:
    code, out, error = finish(start("--help", env=ASCII))
    assert (code, error) == (0, "")
    assert out.isascii()
    assert "+-" in out
    code, out, error = finish(start("check", "größe.onnx", "--json", env=ASCII))
    assert code == 2
    assert error.startswith(r"error: gr\xf6\xdfe.onnx: ")
    assert json.loads(out)["error"]["where"] == "größe.onnx"


@pytest.mark.parametrize("name", [b"\xff\xfe.onnx", b"a\nb.onnx", b"\x1b[2J.onnx", b"n" * 250 + b".onnx"])
def test_any_name_of_a_file(name: bytes, model: Path) -> None:
    path = os.fsencode(model.parent) + b"/" + name
    os.rename(model, path)
    code, out, error = finish(start("layers", os.fsdecode(path)))
    assert (code, error) == (0, "")
    assert "\x1b" not in out
    os.remove(path)
    code, out, error = finish(start("layers", os.fsdecode(path), "--json"))
    assert code == 2
    assert error.count("\n") == 1
    assert set(json.loads(out)) == {"error", "exit"}
