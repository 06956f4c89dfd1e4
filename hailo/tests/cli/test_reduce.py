"""``tasnet2hef reduce`` on the command line: by `check` in another process, as JSON, and one line for bad use."""

from __future__ import annotations

import json
import shlex
import sys
from pathlib import Path

import onnx
import pytest

from tasnet2hef.cli.main import make_app, run
from tests.diagnose.reduce.conftest import FINDS_ERF, chain, saved

HAILO = Path(__file__).resolve().parents[2]
MAIN = "from tasnet2hef.cli.main import main; main()"
WITHOUT_CHARTS = "from tasnet2hef.report import charts; charts.can_draw = lambda: False"
"""The pages of the graphs that are tried are not read, and drawing their charts takes most of the time."""


def _reduce(tmp_path: Path, *words: str, length: int = 9) -> int:
    graph = saved(tmp_path, chain(length, {length // 2: "Erf"}, rows=1))
    return run(make_app(), ["reduce", str(graph), "-o", str(tmp_path / "out"), *words])


@pytest.mark.slow
def test_by_check_in_a_process_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code = f"import sys; sys.path.insert(0, {str(HAILO)!r}); {WITHOUT_CHARTS}; {MAIN}"
    command = f"{sys.executable} -c {shlex.quote(code)} check {{}}"
    assert _reduce(tmp_path, "--check", command, "--repeats", "1", "--json", length=2) == 0
    printed = capsys.readouterr()
    report = json.loads(printed.out)
    assert report["failure"] == "rule:erf-activation"
    assert report["operators"] == ["Erf"]
    assert report["minimal"] is True
    assert "2 nodes, checked by" in printed.err
    assert "at most 200 attempts of at most 600 s each" in printed.err
    for name in ("reduced", "script", "ticket"):
        assert Path(report[name]).is_file()
    lines = (tmp_path / "out" / "steps" / "attempts.jsonl").read_text().splitlines()
    assert len(lines) == 1 + report["attempts"]


def test_the_table_names_what_was_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _reduce(tmp_path, "--rule", "erf-activation") == 0
    printed = capsys.readouterr().out
    for words in ("9 to 1", "Erf", "error:erf-activation", "ticket.md", "reproduce.sh"):
        assert words in printed


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], "--check, --rule: found neither"),
        (["--check", "true", "--rule", "erf-activation"], "--check, --rule: found both"),
        (["--check", "no-such-program {}"], "--check: found 'no-such-program', which is not a command here"),
        (["--check", "sh 'open"], "can't be read as a command"),
        (["--check", ""], "found neither"),
        (["--rule", "erf-activaton"], "did you mean erf-activation?"),
        (["--check", "false", "--signature", "agent-infeasable"], "did you mean agent-infeasible?"),
        (["--check", "false", "--match", "("], "not a regular expression"),
        (["--check", "true {}"], "found no failure by the command"),
        (["--rule", "erf-activation", "--hw", "hailo9"], "hailo9: no such chip"),
        (
            ["--rule", "erf-activation", "--scheduler", "x", "--workers", "2"],
            "--workers 2: found --scheduler x beside",
        ),
        (["--rule", "erf-activation", "--match", "x"], "read the output of a --check command"),
    ],
)
def test_bad_use_is_one_line_and_leaves_nothing(
    words: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert _reduce(tmp_path, *words) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert expected in error
    assert "Traceback" not in error
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("address", ["nonsense://", "127.0.0.1"])
def test_an_address_without_a_scheduler_is_one_line(
    address: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("distributed")
    assert _reduce(tmp_path, "--rule", "erf-activation", "--scheduler", address) == 2
    error = capsys.readouterr().err.strip()
    assert f"--scheduler {address}: found no scheduler that answers" in error
    assert "\n" not in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("content", [b"", b"no graph", b"\x00\x01garbage" * 9], ids=["empty", "text", "bytes"])
def test_a_file_without_a_graph_is_one_line(
    content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.onnx").write_bytes(content)
    assert (
        run(make_app(), ["reduce", str(tmp_path / "bad.onnx"), "--check", "false", "-o", str(tmp_path / "o")]) == 2
    )
    error = capsys.readouterr().err.strip()
    assert "bad.onnx" in error
    assert "\n" not in error
    assert not (tmp_path / "o").exists()


def test_folders_of_others_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert _reduce(tmp_path, "--rule", "erf-activation") == 0
    reduced = (tmp_path / "out" / "reduced.onnx").read_bytes()
    assert _reduce(tmp_path, "--rule", "unsupported-operator") == 2
    assert "contains a reduction with a different --rule: found 'erf-activation'" in capsys.readouterr().err
    other = saved(tmp_path, chain(8, {4: "Erf"}), "other.onnx")
    assert run(make_app(), ["reduce", str(other), "--rule", "erf-activation", "-o", str(tmp_path / "out")]) == 2
    assert "contains a reduction with a different graph" in capsys.readouterr().err
    assert (tmp_path / "out" / "reduced.onnx").read_bytes() == reduced
    assert run(make_app(), ["reduce", str(other), "--rule", "erf-activation", "-o", str(tmp_path)]) == 2
    assert "contains something other than a reduction" in capsys.readouterr().err
    assert run(make_app(), ["reduce", str(other), "--rule", "erf-activation", "-o", str(other)]) == 2
    assert onnx.load(other).graph.node


def test_a_flaky_result_is_exit_code_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    script = tmp_path / "verdict.sh"
    seen = (
        '[ "$(basename "$1")" = net.onnx ] || { grep -q "$(sha256sum < "$1")" "$0.seen" 2>/dev/null && exit 0; }\n'
    )
    script.write_text(seen + 'sha256sum < "$1" >> "$0.seen"' + FINDS_ERF)
    assert _reduce(tmp_path, "--check", f"sh {script}") == 1
    assert "in 1 of 2 runs, expected all" in capsys.readouterr().err
