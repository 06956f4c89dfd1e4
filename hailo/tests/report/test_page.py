"""The page: all facts are on it, nothing leads out of it, and what files bring along stays text."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import onnx
import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.report import charts
from tasnet2hef.report.facts import read_facts
from tasnet2hef.report.page import render
from tasnet2hef.report.save import command_line, write_report
from tasnet2hef.target.check import check_file
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules.framework.discovery import find_rule
from tests.report.conftest import Run
from tests.report.html_reader import read_page

EVIL = "<script>alert('x')</script>\"'&"


def test_all_facts_are_on_the_page(whole_run: Run) -> None:
    page = read_page(whole_run.page.read_text(encoding="utf-8"))
    cost = whole_run.check.resources.cost
    for word in (
        f"{cost.parsed_layers} / {cost.compiled_layers}",
        f"{cost.weights:,}",
        f"{cost.macs:,.0f}",
        f"{whole_run.simulation.agreement_db.int8:.2f} dB",
        whole_run.compiled.failure.cause,
        whole_run.compiled.failure.words,
        "61.2 dB",
        "62.0 s",
    ):
        assert word in page.text
    nodes = page.all("g", class_="node")
    assert [node["data-name"] for node in nodes] == [layer.name for layer in whole_run.check.net]
    for group in whole_run.check.groups:
        for caught in (group.first.rule, group.first.message, group.first.fix, group.first.source):
            assert " ".join(caught.split()) in page.text


def test_a_step_that_has_not_run_is_one_row_and_no_section(tmp_path: Path, whole_run: Run) -> None:
    page = read_page(
        write_report(OpenedGraph.read(whole_run.graph), check=whole_run.check, folder=tmp_path).read_text("utf-8")
    )
    places = [element["id"] for element in page.all("section")]
    assert places == ["findings", "graph", "cost", "pipeline", "reproduce", "words"]
    assert page.text.count("not run yet") == 4
    assert not page.all("audio")


def test_the_verdict_comes_first_then_the_next_command_then_what_can_be_heard(whole_run: Run) -> None:
    page = read_page(whole_run.page.read_text(encoding="utf-8"))
    assert page.all("code", id="next")
    assert page.all("section")[0]["id"] == "audio"
    at = [page.text.index(words) for words in ("Not compiled", "Next:", "likely contexts", "Listen", "Findings")]
    assert at == sorted(at)


def test_nothing_leads_out_of_the_page(whole_run: Run) -> None:
    text = whole_run.page.read_text(encoding="utf-8")
    page = read_page(text)
    ids = {element["id"] for _, element in page.elements if "id" in element}
    links = [
        element[key]
        for _, element in page.elements
        for key in ("href", "src", "xlink:href", "action", "data", "srcset")
        if element.get(key)
    ]
    assert links
    for link in links:
        assert link.startswith("data:") or link[1:] in ids, link
    assert not re.search(r"url\((?!#)|@import", text)
    assert "default-src 'none'" in page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0]["content"]


def test_names_from_a_file_stay_text(tmp_path: Path) -> None:
    model = find_rule("row-too-wide").bad[0]()
    for node in model.graph.node:
        node.name = EVIL
    onnx.save(model, tmp_path / "evil.onnx")
    page_path = write_report(
        OpenedGraph.read(tmp_path / "evil.onnx"), check=check_file(tmp_path / "evil.onnx"), command=EVIL
    )
    page = read_page(page_path.read_text(encoding="utf-8"))
    assert len(page.all("script")) == 1
    assert page.text.count(EVIL) >= 3


@pytest.mark.parametrize(
    ("program", "words"),
    [("/env/bin/tasnet2hef", "tasnet2hef"), ("/lib/tasnet2hef/__main__.py", "python -m tasnet2hef")],
)
def test_a_command_can_be_typed_again(program: str, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", [program, "check", "my net.onnx"])
    assert command_line() == f"{words} check 'my net.onnx'"


def test_a_page_without_matplotlib_says_so(whole_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tasnet2hef.report.players.can_draw", lambda: False)
    monkeypatch.setattr(charts, "can_draw", lambda: False)
    page = read_page(render(whole_run.facts))
    assert "found no matplotlib" in page.text
    assert not page.all("svg", class_="chart")
    assert len(page.all("audio")) == 5


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["check", "simulate", "compile", "audio"])
def test_facts_that_lack_something_are_one_line(stage: str, whole_run: Run, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(whole_run.page.parent, tmp_path / "small.report"))
    path = folder / f"{stage}.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "result": {}}))
    with pytest.raises(OptionError, match=r"facts don't hold what .* needs .*; run the steps again") as caught:
        render(read_facts(folder))
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_a_changed_graph_makes_its_simulation_stale(whole_run: Run, tmp_path: Path) -> None:
    folder = Path(shutil.copytree(whole_run.page.parent, tmp_path / "small.report"))
    graph = tmp_path / "small.onnx"
    model = onnx.load(str(whole_run.graph))
    model.producer_name = "another"
    onnx.save(model, graph)
    page = read_page(write_report(OpenedGraph.read(graph), check=check_file(graph)).read_text("utf-8"))
    assert folder == tmp_path / "small.report"
    assert page.text.count("Of an earlier graph than the latest one") == 3
    assert "of an earlier graph, run it again" in page.text


@pytest.mark.slow
def test_a_foreign_graph_of_1179_layers_makes_a_page_under_5_mb(tmp_path: Path, evidence: Path) -> None:
    graph = evidence / "seed_wide_export.onnx"
    path = write_report(OpenedGraph.read(graph), check=check_file(graph), folder=tmp_path)
    page = read_page(path.read_text(encoding="utf-8"))
    assert path.stat().st_size < 5_000_000
    assert len(page.all("g", class_="node")) == 1179
    assert "Will not compile for hailo8" in page.text
    assert "Desired shift is 10.0, but op has only 8 data bits" in page.text
