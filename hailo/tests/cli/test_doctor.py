"""The command: exit codes, a table for people, one object for machines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasnet2hef.cli.main import make_app, run
from tasnet2hef.diagnose.doctor import doctor, gather
from tasnet2hef.diagnose.doctor.facts import Facts
from tests.diagnose.doctor.machines import environment, facts

Printed = pytest.CaptureFixture[str]


def _on(monkeypatch: pytest.MonkeyPatch, machine: Facts) -> None:
    monkeypatch.setattr(doctor, "gather_facts", lambda _folder, _progress: machine)


def test_this_machine_is_examined(tmp_path: Path, capsys: Printed) -> None:
    code = run(make_app(), ["doctor", "-o", str(tmp_path), "--json"])
    report = json.loads(capsys.readouterr().out)
    assert code == (0 if report["consistent"] else 1)
    assert {each["name"] for each in report["environments"]} >= {"to-onnx-env", "to-hailo-env"}
    for each in report["diagnoses"]:
        assert {"what", "status", "found", "advice", "source", "grade"} == set(each)
    assert any(each["dfc"] == "3.33" and each["hailort"] == ["4.23"] for each in report["combinations"])
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_is_no_failure(monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    _on(monkeypatch, facts(environment()))
    assert run(make_app(), ["doctor"]) == 0
    printed = capsys.readouterr().out
    assert "it can't" in printed.splitlines()[0]
    for words in ("missing", "hailo_platform is in none", "\nnext: "):
        assert words in printed
    assert "Releases that go together" not in printed
    assert run(make_app(), ["doctor", "--verbose"]) == 0
    verbose = capsys.readouterr().out
    for words in ("Releases that go together", "make hailo-env DFC="):
        assert words in verbose


def test_parts_that_clash_are_exit_1(monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    _on(monkeypatch, facts(environment("3.33.1"), environment(runtime="4.20.0", name="here")))
    assert run(make_app(), ["doctor", "--json"]) == 1
    printed = capsys.readouterr()
    assert not json.loads(printed.out)["consistent"]
    assert "found 4.20.0, expected 4.23" in printed.err
    assert "\n" not in printed.err.strip()


def test_a_python_that_is_neither_environment_is_probed_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(gather.sys, "prefix", str(tmp_path))
    assert list(gather.known_pythons()) == ["this Python", "to-onnx-env", "to-hailo-env"]
