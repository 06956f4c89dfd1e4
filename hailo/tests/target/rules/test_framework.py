"""Levels follow the evidence: only what was recorded on this chip may be an error; all else warns."""

from __future__ import annotations

import onnx
import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.target.check import check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules import GraphSketch
from tasnet2hef.target.rules.framework.discovery import all_rules, find_rule


def _grouped_decoder() -> onnx.ModelProto:
    graph = GraphSketch()
    return graph.model(graph.deconv(graph.input(1, 64, 1, 100), 64, 2, (1, 16), strides=[1, 8], group=2))


@pytest.mark.parametrize(("chip", "level"), [("hailo8", "error"), ("hailo8l", "warning"), ("hailo15h", "warning")])
def test_a_limit_of_one_chip_warns_on_another(chip: str, level: str) -> None:
    findings = [
        f for f in check_graph(OpenedGraph(_grouped_decoder()), chip).findings if f.rule == "grouped-deconvolution"
    ]
    assert [finding.level for finding in findings] == [level]
    assert ("recorded on hailo8 only" in findings[0].message) == (chip != "hailo8")


@pytest.mark.parametrize("chip", ["hailo8", "hailo8l", "hailo10h", "hailo15h"])
def test_what_the_parser_refuses_does_not_depend_on_the_chip(chip: str) -> None:
    graph = GraphSketch()
    report = check_graph(OpenedGraph(graph.model(graph.node("Abs", graph.input(1, 8, 10, 10)))), chip)
    assert [finding.rule for finding in report.errors] == ["unsupported-operator"]


def test_an_unknown_rule_is_an_option_error() -> None:
    with pytest.raises(OptionError, match=r"found 'row-wide', .*; did you mean row-too-wide\?"):
        find_rule("row-wide")


def test_ids_are_unique_and_sorted() -> None:
    ids = [rule.id for rule in all_rules()]
    assert ids == sorted(set(ids))


def test_a_sketch_leaves_large_weights_out() -> None:
    graph = GraphSketch()
    model = graph.model(graph.conv(graph.input(1, 4096, 1, 8), 4096, 4096))
    assert model.ByteSize() < 1000
