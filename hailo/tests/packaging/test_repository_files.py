"""The files at the root that other programs read: hooks, CI, issue forms, the citation, the security policy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tasnet2hef.base.version import __version__
from tests.packaging.conftest import ROOT

yaml = pytest.importorskip("yaml", reason="reads YAML")
tomllib = pytest.importorskip("tomllib", reason="reads TOML, from Python 3.11 on")
FORMS = [ROOT / ".github" / "ISSUE_TEMPLATE" / name for name in ("compiler_verdict.yml", "refused_checkpoint.yml")]
MAKE_TARGETS = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M)


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_hooks_call_targets_and_programs_of_the_made_environment() -> None:
    (local,) = _read(ROOT / ".pre-commit-config.yaml")["repos"]
    assert (local["repo"], {hook["language"] for hook in local["hooks"]}) == ("local", {"system"})
    for program, argument, *_ in (hook["entry"].split() for hook in local["hooks"]):
        assert program.startswith("hailo/to-onnx-env/bin/") or (program == "make" and argument in MAKE_TARGETS)


def test_ci_runs_the_script_that_everybody_can_run() -> None:
    steps = _read(ROOT / ".github" / "workflows" / "ci.yml")["jobs"]["all"]["steps"]
    commands = [step["run"] for step in steps if "run" in step]
    assert commands == [".ci/run"]
    called = re.findall(r"^make ([a-z -]+)$", (ROOT / commands[0]).read_text(encoding="utf-8"), re.M)
    assert {target for line in called for target in line.split()} <= set(MAKE_TARGETS)
    assert "test" in called


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.stem)
def test_an_issue_form_is_whole(form: Path) -> None:
    """The keys that GitHub requires, and an id of its own for each answer."""
    asked = _read(form)
    assert {"name", "description", "body"} <= asked.keys()
    answers = [each for each in asked["body"] if each["type"] != "markdown"]
    assert len({each["id"] for each in answers}) == len(answers)
    assert all(each["attributes"]["label"] for each in answers)


def test_the_form_for_a_verdict_asks_for_what_contributing_asks() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    section = text.partition("\n## Report a difference\n")[2].partition("\n## ")[0]
    form = FORMS[0].read_text(encoding="utf-8")
    named = re.findall(r"`([^`]+)`", section)
    assert {"agreement.json", "tasnet2hef doctor --json", "tasnet2hef reduce"} <= set(named)
    assert [name for name in named if name not in form] == []


def test_the_citation_is_of_this_version() -> None:
    citation = _read(ROOT / "CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= citation.keys(), "what CFF 1.2 requires"
    assert citation["cff-version"] == "1.2.0"
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert (citation["title"], citation["license"]) == (project["name"], project["license"])
    assert str(citation["version"]) == __version__


def test_the_security_policy_names_tests_that_exist() -> None:
    named = re.findall(r"`(hailo/tests/[^`]+)`", (ROOT / "SECURITY.md").read_text(encoding="utf-8"))
    assert len(named) >= 5
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_the_readme_leads_to_files_that_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"""(?:\]\(|src="|srcset=")([^)"#]+)""", text)
    assert len(named) >= 15
    assert [path for path in named if not path.startswith("https://") and not (ROOT / path).exists()] == []


def test_the_readme_says_first_that_no_hef_was_made() -> None:
    head = (ROOT / "README.md").read_text(encoding="utf-8").partition("\n## ")[0]
    assert "no HEF has been made with it yet" in head
    assert "docs/how_to/first_hef.md" in head
