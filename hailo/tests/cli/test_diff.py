"""``diff`` as it is called: tables, JSON and exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasnet2hef.cli.main import make_app, run
from tests.quantize.small_net import save_net

Printed = pytest.CaptureFixture[str]


def _diff(*arguments: object) -> int:
    return run(make_app(), ["diff", *map(str, arguments)])


@pytest.fixture
def pair(tmp_path: Path) -> tuple[Path, Path]:
    """Return a net and the same one with windows twice as long: more work, nothing else."""
    return save_net(tmp_path / "one.onnx", window_frames=60), save_net(tmp_path / "two.onnx", window_frames=120)


def test_tables_leave_out_what_is_the_same(pair: tuple[Path, Path], capsys: Printed) -> None:
    assert _diff(*pair) == 0
    printed = capsys.readouterr().out
    assert "MACs a run" in printed
    assert "layers parsed" not in printed
    assert "0 better" in printed
    assert _diff(*pair, "--all") == 0
    assert "layers parsed" in capsys.readouterr().out


def test_json_says_what_counts_as_better(pair: tuple[Path, Path], capsys: Printed) -> None:
    assert _diff(*pair, "--json") == 0
    printed = json.loads(capsys.readouterr().out)
    rows = {row["what"]: row for section in printed["sections"] for row in section["rows"]}
    assert rows["MACs a run"]["verdict"] == "worse"
    assert rows["MACs a run"]["better_is"] == "lower by over 1 %"
    assert rows["MACs a run"]["b"] > rows["MACs a run"]["a"]
    assert printed["worse"] == sum(row["verdict"] == "worse" for row in rows.values())


def test_worse_can_be_refused(pair: tuple[Path, Path], capsys: Printed) -> None:
    one, two = pair
    assert _diff(one, two, "--fail-if-worse") == 1
    error = capsys.readouterr().err
    assert "worse than in" in error
    assert error.count("\n") == 1
    assert _diff(two, one, "--fail-if-worse") == 0
    assert _diff(one, one, "--fail-if-worse") == 0


def test_bad_input_is_one_line(tmp_path: Path, capsys: Printed) -> None:
    assert _diff(tmp_path / "a.onnx", tmp_path / "b.onnx") == 2
    assert capsys.readouterr().err.count("\n") == 1
