"""Every rule on its own examples: something is found in each bad graph and nothing in each good one."""

from __future__ import annotations

import importlib

import onnx
import pytest

from tasnet2hef.target.check import check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.known.evidence import GRADES
from tasnet2hef.target.rules import Rule
from tasnet2hef.target.rules.framework.discovery import all_rules
from tasnet2hef.target.rules.framework.finding import LEVELS, STAGES, Finding
from tests.target.rules.hardware_of import chip_of

RULES = [pytest.param(rule, id=rule.id) for rule in all_rules()]
BAD = [
    pytest.param(rule, position, id=f"{rule.id}-{rule.bad[position].__name__.strip('_')}")
    for rule in all_rules()
    for position in range(len(rule.bad))
]
GOOD = [
    pytest.param(rule, position, id=f"{rule.id}-{rule.good[position].__name__.strip('_')}")
    for rule in all_rules()
    for position in range(len(rule.good))
]


def findings_of(rule: Rule, model: onnx.ModelProto) -> list[Finding]:
    """Return what `rule` finds in a model, on a chip that its evidence was recorded on."""
    report = check_graph(OpenedGraph(model), chip_of(rule), single_context=True)
    return [finding for finding in report.findings if finding.rule == rule.id]


@pytest.mark.parametrize(("rule", "position"), BAD)
def test_a_bad_graph_is_found(rule: Rule, position: int) -> None:
    findings = findings_of(rule, rule.bad[position]())
    assert findings, f"{rule.id}: nothing found in {rule.bad[position].__name__}"
    for finding in findings:
        assert finding.message
        assert finding.fix
        assert LEVELS.index(finding.level) >= LEVELS.index(rule.level)
        assert finding.level != "error" or finding.grade == "recorded"


@pytest.mark.parametrize("rule", RULES)
def test_the_worst_example_reaches_the_level(rule: Rule) -> None:
    levels = {finding.level for example in rule.bad for finding in findings_of(rule, example())}
    assert rule.level in levels


@pytest.mark.parametrize(("rule", "position"), GOOD)
def test_a_good_graph_passes(rule: Rule, position: int) -> None:
    findings = findings_of(rule, rule.good[position]())
    assert not findings, [finding.message for finding in findings]


@pytest.mark.parametrize("rule", RULES)
def test_the_rule_is_complete(rule: Rule) -> None:
    module = importlib.import_module(f"tasnet2hef.target.rules.{rule.id.replace('-', '_')}")
    assert module.RULE is rule, "a rule's file has its id's name"
    assert rule.stage in STAGES
    assert rule.title.endswith(".")
    assert rule.check.__doc__
    assert rule.evidence
    assert rule.bad
    assert rule.good
    for evidence in rule.evidence:
        assert evidence.source
        assert evidence.grade in GRADES
        assert len(evidence.words.splitlines()) <= 3
    for example in (*rule.bad, *rule.good):
        assert example.__doc__, f"{rule.id}: {example.__name__} does not say what it draws"


@pytest.mark.parametrize("rule", [param for param in RULES if param.values[0].evidence[0].words])
def test_messages_quote_the_compilers_words(rule: Rule) -> None:
    words = rule.evidence[0].words
    messages = " ".join(finding.message for example in rule.bad for finding in findings_of(rule, example()))
    assert any(word in messages for word in words.replace(":", " ").split() if len(word) > 6), (words, messages)
