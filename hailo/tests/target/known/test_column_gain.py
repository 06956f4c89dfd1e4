"""Windows side by side save at most what padding wastes, and no more than is known of the chip."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from tasnet2hef.cli.main import make_app, run
from tasnet2hef.target.check import check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.known import chip_names, load_chip
from tasnet2hef.target.known.column_gain import column_gain
from tests.sign_split import make_contract, save_graph


@pytest.mark.parametrize("streams", [1, 2, 4, 8])
@pytest.mark.parametrize("name", chip_names())
def test_never_less_than_one_nor_more_than_the_columns(name: str, streams: int) -> None:
    gain = column_gain(load_chip(name), streams)
    assert 1 == gain.lowest <= gain.highest <= streams
    assert gain.evidence.grade == "inferred"
    assert gain.evidence.source == load_chip(name).edge_row_columns.evidence.source


def test_columns_beyond_the_padding_cost_another_pass() -> None:
    chip = load_chip("hailo10h")
    narrow = replace(chip, edge_row_columns=replace(chip.edge_row_columns, value=4))
    assert [column_gain(narrow, streams).highest for streams in (1, 3, 4, 5, 8)] == [1, 3, 4, 2.5, 4]


def test_the_gain_on_hailo8_is_reported_as_open() -> None:
    assert "open" in column_gain(load_chip("hailo8"), 8).reason
    assert "padded to 8 columns" in column_gain(load_chip("hailo10h"), 8).sentence


@pytest.mark.slow
@pytest.mark.parametrize(("streams", "is_reported"), [(1, False), (4, True)])
def test_check_reports_the_gain_for_columns_only(
    tmp_path, capsys: pytest.CaptureFixture[str], streams, is_reported
) -> None:
    path = save_graph(tmp_path / "net.onnx", make_contract(streams=streams))
    assert run(make_app(), ["check", str(path), "--hw", "hailo10h"]) == 0
    assert (f"{streams} windows side by side" in capsys.readouterr().err) is is_reported
    assert run(make_app(), ["check", str(path), "--hw", "hailo10h", "--json"]) == 0
    gain = json.loads(capsys.readouterr().out)["cost"]["column_gain"]
    assert (gain is not None and gain["highest"] == streams) is is_reported


def test_a_foreign_graph_has_no_columns(tmp_path) -> None:
    import onnx

    model = onnx.load(save_graph(tmp_path / "net.onnx", make_contract(streams=4)))
    del model.metadata_props[:]
    assert check_graph(OpenedGraph(model)).resources.column_gain is None
