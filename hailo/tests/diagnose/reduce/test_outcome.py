"""The same failure on another cut is known again, another failure is not."""

from __future__ import annotations

import pytest

from tasnet2hef.diagnose.reduce.outcome import EXITED, Outcome, outcome_of
from tasnet2hef.target.failures.tables import compiler_signatures

NAMES = frozenset({"conv_12", "tcn_03/depthwise", "out"})


def _first(text: str, match: str = "") -> str:
    return outcome_of(EXITED, 1, text, NAMES, match).marks[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Error: conv_12 has 512 rows", "Error: out has 7 rows"),
        ("ValueError: /tmp/a/net.onnx is bad", "ValueError: /home/b/other.onnx is bad"),
        ("error at tcn_03/depthwise: 0x7ffe", "error at conv_12: 0x1"),
        ("error: layer 'a b' of 1.5e-3", "error: layer 'c' of 20"),
        ("Error in x\nmore details 1", "Error in x\nmore details of another kind"),
    ],
)
def test_numbers_paths_and_names_make_no_difference(one: str, other: str) -> None:
    if one.startswith("error at"):
        one = one.replace("tcn_03/depthwise", "out")
    assert _first(one) == _first(other)


def test_other_words_are_another_failure() -> None:
    assert _first("Error: too many rows") != _first("Error: too many columns")
    assert _first(" \n") == "exit code:1, no output"


def test_a_recorded_signature_comes_before_the_last_line() -> None:
    text = "[info] compiling\n[error] Agent infeasible for conv_12\nTraceback ...\nRuntimeError: it failed"
    outcome = outcome_of(EXITED, 1, text, NAMES)
    assert outcome.marks[0] == "signature:agent-infeasible"
    assert outcome.words == "[error] Agent infeasible for conv_12"


def test_the_rules_that_check_names_are_the_failure() -> None:
    text = (
        "error: net.onnx: 2 errors, 1 warning; the compiler will refuse it for hailo8: row-too-wide, split-output"
    )
    assert outcome_of(EXITED, 1, text, NAMES).marks[:2] == ("rule:row-too-wide", "rule:split-output")


def test_a_pattern_of_the_users_comes_first() -> None:
    assert _first("noise\nAgent infeasible, code 77", match=r"code \d+") == r"match:code \d+"
    assert "match:code" not in outcome_of(EXITED, 1, "nothing of it", NAMES, "code").marks


def test_how_a_command_ended_is_a_failure_of_its_own() -> None:
    assert outcome_of("out of time", -9, "Error: x", NAMES).marks[0] == "signature:out-of-time"
    assert outcome_of("killed by SIGSEGV", -11, "Error: x", NAMES).marks[0] == "signature:crash"
    assert outcome_of(EXITED, 0, "Error: printed, but the exit code is 0", NAMES) == Outcome("passed")
    assert {"out-of-time", "crash"} <= {signature.id for signature in compiler_signatures()}
