"""What verdicts say of a rule, what contradicts what, and which files are refused."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tasnet2hef.base.errors import InputError
from tasnet2hef.target.failures.classify import Situation, explain
from tasnet2hef.target.failures.facts import Facts
from tasnet2hef.target.known.knowledge import Knowledge, Verdict
from tasnet2hef.target.known.knowledge_file import (
    LARGEST_BYTES,
    find_knowledge,
    knowledge_path,
    load_knowledge,
    merge,
    read_verdicts,
    save_verdicts,
)
from tasnet2hef.target.rules.framework.discovery import find_rule

RULES = ("row-too-wide", "batch-join")


def row(
    name: str = "_wide",
    outcome: str = "fail",
    stage: str = "compile",
    *,
    example: str = "bad",
    predicted: str = "fail",
    last: str = "compile",
    **changes: Any,
) -> Verdict:
    """Return a row about one graph of `row-too-wide`."""
    params = {"rule": "row-too-wide", "operator": "", "example": example, "name": name, "last": last}
    params |= {"case": f"row-too-wide/{example}/{name}", "predicted": predicted}
    fields: dict[str, Any] = {
        "id": f"probe/row-too-wide/{example}/{name}/{stage}",
        "source": "tasnet2hef probe, 2026-11-26",
        "dfc_version": "3.34.0",
        "hw_arch": "hailo8",
        "stage": stage,
        "outcome": outcome,
        "op": "1 Conv",
        "params": params,
        "error": "Agent infeasible" if outcome == "fail" else None,
    }
    return Verdict(**fields | changes)


def known(*rows: Verdict) -> Knowledge:
    return Knowledge("3.34.0", "hailo8", rows)


def test_a_rule_nobody_asked_about() -> None:
    assert known(row()).verdict_of("batch-join") is None
    assert known().verdict_of("row-too-wide") is None


def test_a_limit_holds_if_every_bad_graph_failed_in_the_rules_stage() -> None:
    verdict = known(row(), row("_tall", "pass", example="good", predicted="pass")).verdict_of("row-too-wide")
    assert verdict is not None
    assert verdict.holds(["_wide"])
    assert not verdict.holds(["_wide", "_wider"]), "one of the graphs was not asked about"
    assert (verdict.evidence.grade, verdict.evidence.version) == ("recorded here", "3.34.0")
    assert "Agent infeasible" in verdict.evidence.words


@pytest.mark.parametrize(
    "rows",
    [
        [row(), row("_tall", example="good", predicted="pass")],
        [row(stage="translate")],
        [row(), row("_wider", "pass")],
    ],
    ids=["a good graph fails too", "it fails in an earlier stage", "another bad graph passes"],
)
def test_neither_holds_nor_is_absent(rows: list[Verdict]) -> None:
    verdict = known(*rows).verdict_of("row-too-wide")
    assert verdict is not None
    assert not verdict.holds(["_wide", "_wider"])
    assert not verdict.is_absent(["_wide", "_wider"])


def test_a_limit_is_absent_only_if_every_bad_graph_passed_the_rules_stage() -> None:
    both = known(row("_wide", "pass"), row("_wider", "pass")).verdict_of("row-too-wide")
    early = known(row("_wide", "pass", "optimize"), row("_wider", "pass", "optimize")).verdict_of("row-too-wide")
    expected = known(row("_wide", "pass", predicted="may fail")).verdict_of("row-too-wide")
    assert both is not None
    assert early is not None
    assert expected is not None
    assert both.is_absent(["_wide", "_wider"])
    assert not early.is_absent(["_wide", "_wider"]), "it was never compiled"
    assert not expected.is_absent(["_wide"]), "no error was predicted"


def test_what_another_machine_saw_is_recorded_but_not_here() -> None:
    theirs = row()
    theirs = dataclasses.replace(theirs, params={**theirs.params, "merged": True})
    verdict = known(theirs).verdict_of("row-too-wide")
    assert verdict is not None
    assert verdict.evidence.grade == "recorded"


@pytest.mark.parametrize(
    ("one", "other", "contradict"),
    [
        (row(), row(outcome="pass"), True),
        (row(stage="optimize"), row(outcome="pass"), True),
        (row(), row(outcome="pass", stage="optimize"), False),
        (row(), row(stage="translate"), True),
        (row(), row("_other", "pass"), False),
        (row(), row(outcome="pass", dfc_version="3.33.0"), False),
        (row(), row(outcome="pass", hw_arch="hailo8l"), False),
        (row(error="Agent infeasible"), row(error="Mapping Failed"), False),
    ],
)
def test_contradictions(one: Verdict, other: Verdict, contradict: bool) -> None:
    assert one.contradicts(other) is other.contradicts(one) is contradict


def test_a_merge_keeps_ours_and_shows_the_conflict() -> None:
    merged = merge([row()], [row(outcome="pass"), row("_new", "pass"), row()])
    assert [each.id for each in merged.verdicts] == [row().id, row("_new").id]
    assert merged.added == 1
    assert [(each.ours.outcome, each.theirs.outcome) for each in merged.conflicts] == [("fail", "pass")]


def test_files_are_found_by_version_then_release_then_the_newest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASNET2HEF_HOME", str(tmp_path))
    for version in ("3.9.0", "3.33.0", "3.33.1", "5.3.0"):
        save_verdicts(knowledge_path(version, "hailo8"), [row(dfc_version=version)])
    save_verdicts(knowledge_path("3.34.0", "hailo8l"), [row(hw_arch="hailo8l")])
    found = {asked: find_knowledge(asked, "hailo8") for asked in ("3.33.0", "3.33", "3.33.7", "3.34.0", "")}
    names = {asked: path and path.name for asked, path in found.items()}
    assert names == {
        "3.33.0": "3.33.0_hailo8.jsonl",
        "3.33": "3.33.1_hailo8.jsonl",
        "3.33.7": "3.33.1_hailo8.jsonl",
        "3.34.0": None,
        "": "5.3.0_hailo8.jsonl",
    }
    assert find_knowledge("", "hailo10h") is None
    assert load_knowledge(knowledge_path("3.33.0", "hailo8"), RULES).verdict_of("row-too-wide") is not None


def test_a_row_of_another_compiler_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASNET2HEF_HOME", str(tmp_path))
    save_verdicts(knowledge_path("3.33.0", "hailo8"), [row()])
    with pytest.raises(InputError, match=r"a row of DFC 3\.34\.0 on hailo8, expected 3\.33\.0"):
        load_knowledge(knowledge_path("3.33.0", "hailo8"), RULES)


@pytest.mark.parametrize("version", ["../../etc/passwd", "", "3.33/..", "3.33.0\n", "x" * 99])
def test_a_version_that_is_no_part_of_a_file_name(version: str) -> None:
    with pytest.raises(InputError):
        knowledge_path(version, "hailo8")


def _changed(**changes: Any) -> bytes:
    return json.dumps(row().to_json() | changes).encode()


def _params(**changes: Any) -> bytes:
    return _changed(params={**row().params, **changes})


HOSTILE = {
    "no json": b"hello",
    "a list": b"[1, 2]",
    "deep": b"[" * 100_000,
    "utf-16": json.dumps(row().to_json()).encode("utf-16"),
    "latin-1": b'{"id": "\xe9"}',
    "a key more": _changed(weights=[1, 2]),
    "a key less": json.dumps({"id": "x"}).encode(),
    "a number": _changed(error=3),
    "an object": _changed(op={"Conv": 1}),
    "another stage": _changed(stage="runtime"),
    "another outcome": _changed(outcome="passed"),
    "an escape": _changed(error="\x1b[2J"),
    "long": _changed(error="x" * 5_000),
    "a path as version": _changed(dfc_version="../x"),
    "a path as chip": _changed(hw_arch="../x"),
    "params": _changed(params=[]),
    "a forged rule": _params(rule="no-such-rule"),
    "a rule of another type": _params(rule=["row-too-wide"]),
    "another example": _params(example="worst"),
    "a null": _params(last=None),
    "a huge number": b'{"id": ' + b"9" * 10_000 + b"}",
    "a contradiction": _changed() + b"\n" + _changed(outcome="pass", id="other"),
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_files_are_refused_in_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "theirs.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError) as refusal:
        read_verdicts(path, RULES)
    message = str(refusal.value)
    assert message.startswith(str(path))
    assert len(message) < 700
    assert message.isprintable()
    assert refusal.value.exit_code == 2


def test_a_large_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "theirs.jsonl"
    with path.open("wb") as opened:
        opened.truncate(1 << 30)
    with pytest.raises(InputError, match=f"expected at most {LARGEST_BYTES:,}"):
        read_verdicts(path, RULES)
    with pytest.raises(InputError, match="not a file"):
        read_verdicts(tmp_path, RULES)


def test_what_is_saved_is_read_again(tmp_path: Path) -> None:
    rows = (row(), row("_tall", "pass", example="good", predicted="pass"))
    save_verdicts(tmp_path / "own.jsonl", rows)
    assert read_verdicts(tmp_path / "own.jsonl", RULES) == rows


def test_the_keys_are_those_of_the_recorded_verdicts() -> None:
    recorded = Path(__file__).parents[5] / "shared/evidence/verdicts.jsonl"
    if not recorded.is_file():
        pytest.skip(f"the recorded verdicts are not here ({recorded})")
    first = json.loads(recorded.read_text(encoding="utf-8").split("\n", 1)[0])
    assert list(row().to_json()) == list(first)


@pytest.mark.parametrize(
    ("outcome", "predicted", "words"),
    [("fail", "fail", "refused the graphs of this kind too"), ("pass", "fail", "another cause is likelier")],
)
def test_an_explanation_knows_what_was_probed_here(
    outcome: str, predicted: str, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TASNET2HEF_HOME", str(tmp_path))
    bad = [example.__name__ for example in find_rule("row-too-wide").bad]
    rows = [row(name, outcome, predicted=predicted) for name in bad]
    save_verdicts(knowledge_path("3.34.0", "hailo8"), rows)
    situation = Situation(Path("n.onnx"), Path("c.npz"), Path("n.hef"), "hailo8")
    for compiler, is_said in (("3.34.0", True), ("3.33.0", False)):
        facts = Facts(compiler=compiler, hardware="hailo8")
        explained = explain("compile", "Agent infeasible", "", "exited", situation, facts)
        assert explained.rule == "row-too-wide"
        assert (words in explained.cause) == is_said
