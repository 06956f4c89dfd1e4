"""The same failure on another cut has the same fingerprint, another failure has not."""

from __future__ import annotations

import pytest

from tasnet2hef.diagnose.reduce.fingerprint import EXITED, RunResult, result_of
from tasnet2hef.target.failures.tables import compiler_signatures

NAMES = frozenset({"conv_12", "tcn_03/depthwise", "out"})


def _first(text: str, match: str = "") -> str:
    return result_of(EXITED, 1, text, NAMES, match).fingerprints[0]


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


def test_another_message_is_another_failure() -> None:
    assert _first("Error: too many rows") != _first("Error: too many columns")
    assert _first(" \n") == "exit code:1, no output"


def test_a_recorded_signature_comes_before_the_last_line() -> None:
    text = "[info] compiling\n[error] Agent infeasible for conv_12\nTraceback ...\nRuntimeError: it failed"
    result = result_of(EXITED, 1, text, NAMES)
    assert result.fingerprints[0] == "signature:agent-infeasible"
    assert result.message == "[error] Agent infeasible for conv_12"


def test_the_rules_that_check_names_are_the_failure() -> None:
    text = (
        "error: net.onnx: 2 errors, 1 warning; the compiler will refuse it for hailo8: row-too-wide, split-output"
    )
    assert result_of(EXITED, 1, text, NAMES).fingerprints[:2] == ("rule:row-too-wide", "rule:split-output")


def test_a_pattern_of_the_users_comes_first() -> None:
    assert _first("noise\nAgent infeasible, code 77", match=r"code \d+") == r"match:code \d+"
    assert "match:code" not in result_of(EXITED, 1, "nothing of it", NAMES, "code").fingerprints


def test_how_a_command_ended_is_a_failure_of_its_own() -> None:
    assert result_of("out of time", -9, "Error: x", NAMES).fingerprints[0] == "signature:out-of-time"
    assert result_of("killed by SIGSEGV", -11, "Error: x", NAMES).fingerprints[0] == "signature:crash"
    assert result_of(EXITED, 0, "Error: printed, but the exit code is 0", NAMES) == RunResult("passed")
    assert {"out-of-time", "crash"} <= {signature.id for signature in compiler_signatures()}
