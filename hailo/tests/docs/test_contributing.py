"""The rule that CONTRIBUTING.md walks through, written down as it stands there, is found and its examples hold."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tasnet2hef.cli.main import make_app, run
from tasnet2hef.target import rules
from tasnet2hef.target.check import check_graph
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.rules.framework.discovery import all_rules, find_rule
from tests.docs.console_blocks import ROOT

_CODE = re.compile(r'^```python title="hailo/tasnet2hef/rules/(\w+)\.py"\n(.*?)^```', re.M | re.S)


@pytest.fixture
def rule_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Write the page's file into a second folder of the package of rules."""
    (found,) = _CODE.finditer((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    (tmp_path / f"{found[1]}.py").write_text(found[2], encoding="utf-8")
    monkeypatch.setattr(rules, "__path__", [*rules.__path__, str(tmp_path)])
    all_rules.cache_clear()
    yield found[1].replace("_", "-")
    sys.modules.pop(f"{rules.__name__}.{found[1]}", None)
    monkeypatch.undo()
    all_rules.cache_clear()


def test_the_example_rule_is_listed_and_explained(rule_id: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(make_app(), ["rules", "--json"]) == 0
    assert rule_id in capsys.readouterr().out
    assert run(make_app(), ["rules", rule_id, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["id"] == rule_id


def test_the_example_rule_passes_its_own_examples(rule_id: str) -> None:
    rule = find_rule(rule_id)
    for examples, is_found in ((rule.bad, True), (rule.good, False)):
        for example in examples:
            told = {finding.rule for finding in check_graph(OpenedGraph(example()), "hailo8").findings}
            assert (rule_id in told) is is_found, example.__name__


def test_the_example_is_gone_afterwards() -> None:
    (found,) = _CODE.finditer((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert found[1].replace("_", "-") not in {rule.id for rule in all_rules()}
