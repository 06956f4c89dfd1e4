"""The graphs of a probe: complete, and given to the compiler with weights."""

from __future__ import annotations

from pathlib import Path

import onnx
import pytest
from onnx import TensorProto

from tasnet2hef.base.errors import OptionError
from tasnet2hef.compiler.probe.cases import CONTROL, all_cases, prepare, select
from tasnet2hef.compiler.probe.smallest import operators, smallest_graph
from tasnet2hef.target.check import check_graph
from tasnet2hef.target.graph.converters.registry import discover
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules.framework.discovery import all_rules, find_rule

HERE = Path("graph.onnx")


def test_every_converted_operator_has_a_smallest_graph() -> None:
    assert operators() == sorted(discover())


@pytest.mark.parametrize("operator", sorted(discover()))
def test_a_smallest_graph_has_the_operator_and_no_known_obstacle(operator: str) -> None:
    if not onnx.defs.has(operator):
        pytest.skip(f"this onnx does not know {operator}")
    model = smallest_graph(operator)
    assert operator in {node.op_type for node in model.graph.node}
    assert len(model.graph.node) <= 6
    report = check_graph(OpenedGraph(model))
    assert not report.errors, report.errors


def test_every_rule_is_asked_about_unless_the_compiler_accepts_its_graphs() -> None:
    asked = {case.rule for case in all_cases() if case.example == "bad"}
    assert asked == {rule.id for rule in all_rules() if not rule.accepted}
    assert find_rule("silently-not-performed").accepted
    names = [case.name for case in all_cases()]
    assert names[0] == CONTROL
    assert len(names) == len(set(names))


def test_a_rules_cases_run_up_to_its_stage() -> None:
    last = {case.rule: case.last for case in all_cases() if case.rule}
    assert last["row-too-wide"] == "compile"
    assert last["min-of-maps"] == "optimize"
    assert last["batch-join"] == "translate"


def test_only_some() -> None:
    some = select(all_cases(), "row-too-wide, Softmax")
    assert {case.rule or case.operator for case in some} == {"Conv", "row-too-wide", "Softmax"}
    with pytest.raises(OptionError, match="found 'row-wide', expected ids of rules"):
        select(all_cases(), "row-wide")


@pytest.mark.parametrize("case", [case for case in all_cases() if case.rule], ids=lambda case: case.name)
def test_a_prepared_example_is_still_an_example(case) -> None:  # type: ignore[no-untyped-def]
    prepared = prepare(case, "hailo8", HERE)
    if prepared is None:
        pytest.skip("this rule does not find it on hailo8")
    opened = prepared.open(HERE)
    assert opened.digest == prepared.digest
    report = check_graph(opened, "hailo8")
    assert any(finding.rule == case.rule for finding in report.findings) is (case.example == "bad")
    if case.rule != "absent-weights":
        outside = [t for t in opened.model.graph.initializer if t.data_location == TensorProto.EXTERNAL]
        assert not outside, "the compiler needs the weights"
    assert prepare(case, "hailo8", HERE).key == prepared.key  # type: ignore[union-attr]
