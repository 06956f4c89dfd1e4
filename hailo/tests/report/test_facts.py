"""Facts on disk: they are read as they were written, damage is one line, and old ones are marked as stale."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.report.facts import StepFacts, find_report_folders, read_facts, save_step


def _facts(step: str, written: str = "2026-01-01T00:00:00.000+00:00", digest: str = "a") -> StepFacts:
    return StepFacts(step=step, command="c", written=written, graph_digest=digest, result={"x": 1.5})


def test_what_is_saved_comes_back(tmp_path: Path) -> None:
    kept = [_facts("check"), _facts("export")]
    for facts in kept:
        save_step(tmp_path / "net.report", facts)
    restored = read_facts(tmp_path / "net.report")
    assert restored.name == "net"
    assert sorted(restored.steps) == ["check", "export"]
    assert [restored.steps[facts.step] for facts in kept] == kept
    assert restored.result("compile") is None


def test_a_name_that_is_not_utf_8_is_kept_as_text(tmp_path: Path) -> None:
    name = os.fsdecode(b"net\xfe.onnx")
    save_step(tmp_path, dataclasses.replace(_facts("check"), command=f"check {name} \U0001f600", graph=name))
    restored = read_facts(tmp_path).steps["check"]
    assert (restored.command, restored.graph) == ("check net\\udcfe.onnx \U0001f600", "net\\udcfe.onnx")


def test_a_later_graph_makes_earlier_stages_stale(tmp_path: Path) -> None:
    save_step(tmp_path, _facts("simulate", "2026-01-01T00:00:00.000+00:00", "old"))
    save_step(tmp_path, _facts("check", "2026-01-02T00:00:00.000+00:00", "new"))
    restored = read_facts(tmp_path)
    assert restored.graph_digest == "new"
    assert [restored.is_stale(stage) for stage in ("simulate", "check", "audio")] == [True, False, False]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "nonsense",
        '{"format": 3}',
        '{"format": 2, "step": "check"}',
        json.dumps({"format": 2, "step": "x", "command": "", "written": "", "graph_digest": "", "result": {}}),
        json.dumps({"format": 2, "step": "check", "command": "", "written": "", "graph_digest": "", "result": []}),
    ],
)
def test_damaged_facts_are_one_line(text: str, tmp_path: Path) -> None:
    (tmp_path / "check.json").write_text(text)
    with pytest.raises(OptionError, match=r"check\.json: damaged facts of a run: .*; remove the file"):
        read_facts(tmp_path)


def test_an_empty_folder_holds_no_facts(tmp_path: Path) -> None:
    assert find_report_folders(tmp_path) == ()
    with pytest.raises(OptionError, match=r"found no facts of a run, expected one of export\.json"):
        read_facts(tmp_path)


def test_report_folders_are_found_from_every_side(tmp_path: Path) -> None:
    for name in ("b", "a"):
        save_step(tmp_path / f"{name}.report", _facts("check"))
    (tmp_path / "empty.report").mkdir()
    graph = tmp_path / "a.onnx"
    graph.touch()
    assert [path.name for path in find_report_folders(tmp_path)] == ["a.report", "b.report"]
    assert find_report_folders(graph) == find_report_folders(tmp_path / "a.report") == (tmp_path / "a.report",)
