"""CONTRIBUTING.md: its picture shows the rooms of the package in their order; its example of a rule works."""

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

_PACKAGE = ROOT / "hailo" / "tasnet2hef"
_CODE = re.compile(r'^```python title="hailo/tasnet2hef/target/rules/(\w+)\.py"\n(.*?)^```', re.M | re.S)


def _picture() -> str:
    return (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("```text\n")[2].partition("```")[0]


def _layers(contract: str) -> list[str]:
    """Return the layers of a contract of import-linter, the highest first; neighbours are separate."""
    settings = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition(f'name = "{contract}')[2]
    listed = settings.partition("\nlayers = [")[2].partition("]")[0]
    return [
        name.strip().removeprefix("tasnet2hef.")
        for layer in re.findall(r'"([^"]+)"', listed)
        for name in layer.split("|")
    ]


@pytest.mark.parametrize(("indent", "contract"), [(2, "rooms in one straight order"), (4, "inside target")])
def test_the_picture_shows_the_rooms_in_the_order_that_lint_enforces(indent: int, contract: str) -> None:
    rooms = re.findall(rf"^ {{{indent}}}(\w+(?: \| \w+)?)  ", _picture(), re.M)
    assert [name for room in rooms for name in room.split(" | ")] == _layers(contract)


def test_the_path_through_the_picture_leads_through_files_that_exist() -> None:
    files = re.findall(r"[\w/]+\.py\b", _picture())
    assert len(files) >= 8
    assert not [file for file in files if not (_PACKAGE / file).is_file()]


@pytest.fixture
def rule_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Write the page's file into a second folder of the package of rules."""
    (code,) = _CODE.finditer((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    (tmp_path / f"{code[1]}.py").write_text(code[2], encoding="utf-8")
    monkeypatch.setattr(rules, "__path__", [*rules.__path__, str(tmp_path)])
    all_rules.cache_clear()
    yield code[1].replace("_", "-")
    sys.modules.pop(f"{rules.__name__}.{code[1]}", None)
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
            rules_found = {finding.rule for finding in check_graph(OpenedGraph(example()), "hailo8").findings}
            assert (rule_id in rules_found) is is_found, example.__name__


def test_the_example_is_gone_afterwards() -> None:
    (code,) = _CODE.finditer((ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert code[1].replace("_", "-") not in {rule.id for rule in all_rules()}
