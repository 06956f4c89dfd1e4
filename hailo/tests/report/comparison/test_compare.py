"""Two runs against each other: what is the same, better and worse, of graphs whose difference is known."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import onnx
import pytest

from tasnet2hef.base.errors import GraphError, OptionError
from tasnet2hef.report.comparison.compare import Comparison, compare_runs
from tasnet2hef.report.comparison.rows import Row, higher, lower, neutral
from tasnet2hef.target.rules.framework.sketch import GraphSketch
from tests.quantize.small_net import save_net
from tests.report.conftest import Run
from tests.runtime.hailort.graphs import save_parts


def _rows(comparison: Comparison, section: str) -> dict[str, Row]:
    return {row.what: row for each in comparison.sections if each.name == section for row in each.rows}


def _chain(path: Path, convolutions: int, kernel: int = 3, features: int = 8) -> Path:
    draw = GraphSketch()
    tensor = draw.input(1, features, 200, 1)
    for _ in range(convolutions):
        tensor = draw.conv(tensor, features, features, (kernel, 1), pads=[kernel // 2, 0, kernel // 2, 0])
    onnx.save(draw.model(tensor), path)
    return path


@pytest.mark.slow
def test_a_run_against_itself_is_the_same(whole_run: Run) -> None:
    comparison = compare_runs(whole_run.graph, whole_run.graph)
    assert {row.verdict for section in comparison.sections for row in section.rows} == {"same"}
    assert _rows(comparison, "Scores")["agreement with float, 8 bits [dB]"].first == pytest.approx(
        whole_run.simulation.agreement_db.int8, abs=1e-3
    )


def test_a_folder_with_parts_holds_one_graph(tmp_path: Path) -> None:
    save_parts(tmp_path)
    assert compare_runs(tmp_path, tmp_path / "net.onnx").count("worse") == 0


def test_more_layers_are_worse_and_the_other_way_round_better(tmp_path: Path) -> None:
    short, long = _chain(tmp_path / "short.onnx", 2), _chain(tmp_path / "long.onnx", 5)
    grown, shrunk = compare_runs(short, long), compare_runs(long, short)
    for what, values in (("layers parsed", (2, 5)), ("layers compiled", (2, 5))):
        row = _rows(grown, "Cost")[what]
        assert (row.first, row.second, row.verdict) == (*values, "worse")
        assert _rows(shrunk, "Cost")[what].verdict == "better"
    assert _rows(grown, "Layers by type")["conv"].second == 5
    assert grown.count("worse") == shrunk.count("better") > 0
    assert grown.count("better") == shrunk.count("worse") == 0


def test_a_changed_node_tells_what_changed(tmp_path: Path) -> None:
    before, after = (save_net(tmp_path / f"{seed}.onnx", seed=seed) for seed in (0, 1))
    names = set(_rows(compare_runs(before, after), "ONNX nodes")) - {"nodes"}
    assert "encoder: weights" in names
    assert all(name.endswith(": weights") for name in names)
    model = onnx.load(str(before))
    next(node for node in model.graph.node if node.name == "tcn_00/expand_activation").op_type = "Elu"
    onnx.save(model, tmp_path / "elu.onnx")
    rows = _rows(compare_runs(before, tmp_path / "elu.onnx"), "ONNX nodes")
    assert rows["tcn_00/expand_activation: operator"].second == "Elu"


def test_findings_that_come_are_worse_and_that_go_are_better(tmp_path: Path) -> None:
    def wide(path: Path, columns: int) -> Path:
        draw = GraphSketch()
        onnx.save(draw.model(draw.conv(draw.input(1, 256, 1, columns), 256, 256)), path)
        return path

    fine, broken = wide(tmp_path / "fine.onnx", 500), wide(tmp_path / "broken.onnx", 2000)
    worse = {what: row.verdict for what, row in _rows(compare_runs(fine, broken), "Findings").items()}
    assert worse["error row-too-wide: 0 gone, 1 new"] == "worse"
    better = {what: row.verdict for what, row in _rows(compare_runs(broken, fine), "Findings").items()}
    assert better["error row-too-wide: 1 gone, 0 new"] == "better"


@pytest.mark.slow
def test_folders_are_runs_too(whole_run: Run, tmp_path: Path) -> None:
    folder = whole_run.page.parent
    assert compare_runs(folder, folder.parent).count("worse") == 0
    alone = Path(shutil.copytree(folder, tmp_path / "small.report"))
    comparison = compare_runs(alone, whole_run.graph)
    nodes = next(section for section in comparison.sections if section.name == "ONNX nodes")
    assert "not compared" in nodes.note
    assert comparison.count("worse") == comparison.count("better") == 0


@pytest.mark.slow
def test_places_without_one_run_are_one_line(whole_run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "broken.onnx").write_bytes(b"no graph")
    (tmp_path / "two").mkdir()
    for name in "ab":
        _chain(tmp_path / "two" / f"{name}.onnx", 1)
    for path, words in (
        (tmp_path / "none", "no such file"),
        (tmp_path / "empty", "found no ONNX file"),
        (tmp_path / "two", r"found 2 graphs \(a.onnx, b.onnx\)"),
    ):
        with pytest.raises(OptionError, match=words):
            compare_runs(whole_run.graph, path)
    with pytest.raises(GraphError, match=r"broken\.onnx"):
        compare_runs(whole_run.graph, tmp_path / "broken.onnx")


def test_facts_that_lack_something_are_one_line(whole_run: Run, tmp_path: Path) -> None:
    alone = Path(shutil.copytree(whole_run.page.parent, tmp_path / "small.report"))
    path = alone / "check.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "result": {"findings": []}}))
    with pytest.raises(OptionError, match="don't hold what a comparison needs"):
        compare_runs(alone, whole_run.graph)


def test_numbers_have_a_direction() -> None:
    assert [lower("", 2, number).verdict for number in (1, 2, 3, None)] == ["better", "same", "worse", "unknown"]
    assert [lower("", 100, number, 0.01).verdict for number in (98, 99, 101, 102)] == [
        "better",
        "same",
        "same",
        "worse",
    ]
    assert [higher("", 9.0, db, 0.05).verdict for db in (8.9, 8.96, 9.04, 9.1)] == [
        "worse",
        "same",
        "same",
        "better",
    ]
    assert [neutral("", "a", other).verdict for other in ("a", "b", None)] == ["same", "changed", "unknown"]
    assert neutral("", None, None).verdict == "same"
