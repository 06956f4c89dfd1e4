"""What the commands name as the next one: the same as the page, and never the one that was just run."""

from __future__ import annotations

from pathlib import Path

import pytest

from tasnet2hef.cli.main import make_app, run
from tasnet2hef.cli.page import step_after
from tasnet2hef.report.facts import report_folder
from tasnet2hef.target.check import check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tests.quantize.small_net import save_net


@pytest.fixture
def graph(tmp_path: Path) -> OpenedGraph:
    return OpenedGraph.read(save_net(tmp_path / "net.onnx"))


def test_after_a_check_comes_calibration_and_nothing_is_written(graph: OpenedGraph) -> None:
    assert step_after(graph).command == f"tasnet2hef check {graph.path}"
    assert step_after(graph, check=check_graph(graph)).command.startswith(f"tasnet2hef calibrate {graph.path} ")
    assert not report_folder(graph.path).exists()


def test_who_calibrated_is_not_sent_back_to_check(graph: OpenedGraph) -> None:
    step = step_after(graph, calibration=Path("elsewhere/c.npz"))
    assert step.command == f"tasnet2hef simulate {graph.path} elsewhere/c.npz"


def test_damaged_facts_of_earlier_steps_do_not_count(graph: OpenedGraph) -> None:
    report_folder(graph.path).mkdir()
    (report_folder(graph.path) / "simulate.json").write_text("{}")
    assert "calibrate" in step_after(graph, check=check_graph(graph)).command


def test_check_says_it_first_and_the_next_command_last(
    graph: OpenedGraph, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(make_app(), ["check", str(graph.path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].endswith("compile for hailo8")
    assert lines[-2].startswith("next: tasnet2hef calibrate ")
    assert run(make_app(), ["check", str(graph.path), "--page"]) == 0
    assert f"report: {report_folder(graph.path) / 'report.html'}" in capsys.readouterr().out


@pytest.mark.parametrize("words", [["--verbose", "check"], ["check", "-v"]])
def test_verbose_works_before_and_behind_the_command(
    words: list[str], graph: OpenedGraph, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(make_app(), [*words, str(graph.path)]) == 0
    assert "Predicted layers" in capsys.readouterr().out
    assert run(make_app(), ["check", str(graph.path)]) == 0
    assert "Predicted layers" not in capsys.readouterr().out
