"""Every recorded failure is explained, and every explanation says where it is known from and what to do."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest

from tasnet2hef.compiler.fallbacks import ORDER
from tasnet2hef.target.failures.classify import UNKNOWN, Situation, explain
from tasnet2hef.target.failures.signature import Signature
from tasnet2hef.target.failures.tables import compiler_signatures, runtime_signatures
from tasnet2hef.target.rules.framework.discovery import all_rules

RECORDED_WORDS = Path(__file__).parents[1] / "rules/recorded_verdicts.jsonl"
ORIGINAL = Path(__file__).parents[5] / "shared/evidence/verdicts.jsonl"
SITUATION = Situation(
    Path("build/my net.onnx"), Path("calib.npz"), Path("out.hef"), "hailo8", log=Path("log.txt"), seconds=2.0
)
WITHOUT_COMPILER_WORDS = {
    "hw-base-enc-10s": "a document's remark; the compiler's own words are not recorded",
    "imu-conv1d-raw": "a user's description of a wrong shape, without the exception",
    "imu-timeout-kw": "a call of the device's runtime; its exception is not recorded",
    "imu-activate": "wrong numbers of the device, no failure of the compiler",
    "wf-abs": "an author's list of operators, without the exception",
    "c19530-a16-attn": "a forum's description of a crash, without its words",
    "pv-rank3": "a class of failures in an author's words",
    "pv-flow-q": "a loss of quality, not an exception",
    "cable-opt-flag": "the vendor's command line, which the driver does not use; its words are not recorded",
    "rtdetr": "an author's count of operators, without the exception",
    "dfine": "a user's description of a crash, without its words",
    "deim-ops": "an author's list of operators, without the exception",
    "lfm-embed": "a user's description of a crash or hang, without its words",
    "c19705-demote": "the compiler said nothing: it is found by the emulator's steps, not by words",
}
"""Rows whose error is a person's remark: no text of the compiler could be matched with it."""


def _failures(record: Path) -> list[dict[str, Any]]:
    rows = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    return [row for row in rows if row["outcome"] in ("fail", "timeout") and row.get("error")]


def _signature_of(row: dict[str, Any]) -> str:
    ended = "out of time" if row["outcome"] == "timeout" else "exited"
    return explain(row["stage"], row["error"], "", ended, SITUATION).signature


@pytest.mark.parametrize("row", _failures(RECORDED_WORDS), ids=lambda row: row["id"])
def test_recorded_words_are_explained_alone_and_in_a_log(row: dict[str, Any]) -> None:
    assert _signature_of(row) == row["signature"]
    if row["outcome"] != "timeout":
        log = f"[info] Translation started\n[info] Iterations: 12\n[error] {row['error']}\n[info] bye\n"
        explanation = explain(row["stage"], "SystemExit: 1", log, "exited", SITUATION)
        assert explanation.signature == row["signature"]
        assert explanation.words in log


@pytest.mark.skipif(not ORIGINAL.is_file(), reason=f"the original record is not at {ORIGINAL}")
def test_every_recorded_failure_is_explained() -> None:
    failures = _failures(ORIGINAL)
    unknown = [row["id"] for row in failures if _signature_of(row) == UNKNOWN]
    assert sorted(unknown) == sorted(WITHOUT_COMPILER_WORDS)
    explained = {row["id"]: row["error"] for row in failures if row["id"] not in unknown}
    assert explained == {row["id"]: row["error"] for row in _failures(RECORDED_WORDS)}


@pytest.mark.parametrize("signature", compiler_signatures(), ids=lambda signature: signature.id)
def test_a_signature_names_a_rule_a_fallback_and_commands_that_exist(signature: Signature) -> None:
    assert not signature.rule or signature.rule in {rule.id for rule in all_rules()}
    assert signature.basis.source
    assert signature.remedy
    assert signature.fallback in ("", *ORDER)
    assert signature.commands
    for command in signature.commands:
        assert "{" not in SITUATION.fill(command)


@pytest.mark.parametrize("field", ["id", "patterns", "cause"])
def test_a_signature_without_a_required_field_is_refused(field: str) -> None:
    row = compiler_signatures()[0]
    with pytest.raises(ValueError, match=f"{field} is empty"):
        dataclasses.replace(row, **{field: type(getattr(row, field))()})


@pytest.mark.parametrize("field", ["fix", "evidence"])
def test_a_signature_without_a_rule_needs_a_fix_and_evidence_of_its_own(field: str) -> None:
    row = next(each for each in compiler_signatures() if not each.rule)
    with pytest.raises(ValueError, match=rf"'{row.id}': found no rule, expected one or its own fix and evidence"):
        dataclasses.replace(row, **{field: None})


def test_a_checkpoint_is_named_or_marked_as_missing() -> None:
    words = "Agent infeasible"
    unknown = explain("compile", words, "", "exited", SITUATION).commands
    conversions = [command for command in unknown if "convert" in command]
    assert conversions
    for command in conversions:
        assert "convert MODEL.pth" in command
        assert command.endswith("# MODEL.pth: the checkpoint that the graph was exported from")
    known = explain(
        "compile", words, "", "exited", dataclasses.replace(SITUATION, checkpoint="my net.pth")
    ).commands
    assert any("convert 'my net.pth'" in command for command in known)
    assert not any("MODEL.pth" in command for command in known)


@pytest.mark.parametrize("signatures", [compiler_signatures(), runtime_signatures()], ids=["compiler", "runtime"])
def test_ids_are_unique_over_all_tables(signatures: tuple[Signature, ...]) -> None:
    ids = [signature.id for signature in signatures]
    assert ids == sorted(set(ids))


@pytest.mark.parametrize(
    "line",
    [
        "[warning] Single context flow failed: Recoverable single context error",
        "[info] Successful Mapping (allocation time: 3m 12s)",
        "[info] Found valid partition to 4 contexts",
        "[info] Reducing optimization level to 0 (the accelerator is not used)",
        "[info] Building HEF...",
    ],
)
def test_lines_of_a_successful_run_match_no_signature(line: str) -> None:
    explained = explain("compile", "RuntimeError: something new", line, "exited", SITUATION)
    assert explained.signature == UNKNOWN


def test_what_went_wrong_first_comes_first() -> None:
    words = "Desired shift is 10.0, but op has only 8 data bits\nBackendAllocatorException: Agent infeasible"
    explained = explain("compile", words, "", "exited", SITUATION)
    assert (explained.signature, explained.also) == ("mean-too-long", ("agent-infeasible",))


def test_a_path_with_a_space_is_quoted() -> None:
    explained = explain("compile", "Agent infeasible", "", "exited", SITUATION)
    assert explained.commands[0] == "tasnet2hef check 'build/my net.onnx' --hw hailo8"
