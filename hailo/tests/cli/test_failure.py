"""Failures under ``--json``: one object on stdout, for whatever reason a command does not end well."""

from __future__ import annotations

import errno
import json
from pathlib import Path
from typing import Any

import onnx
import pytest
import typer

from tasnet2hef.base.errors import DeviceRunError, OptionError, RefusedError
from tasnet2hef.cli import show
from tasnet2hef.cli.main import make_app, run
from tasnet2hef.target.rules.row_too_wide import RULE

Printed = pytest.CaptureFixture[str]


def _app_that(raises: BaseException | None, report: dict[str, Any] | None = None) -> typer.Typer:
    app = typer.Typer()

    @app.command()
    def command(json_output: bool = typer.Option(False, "--json")) -> None:
        if json_output and report is not None:
            show.print_json(report)
        if raises is not None:
            raise raises

    return app


@pytest.mark.parametrize(
    ("error", "code", "parts"),
    [
        (OptionError("a: found 1, expected 2; do b"), 2, ["a", "1", "2", "do b"]),
        (RefusedError("a: too bad"), 1, ["a", "too bad", None, None]),
        (DeviceRunError("device: gone; plug it in"), 1, ["device", "gone", None, "plug it in"]),
        (
            ZeroDivisionError("by\nzero"),
            70,
            ["tasnet2hef", r"ZeroDivisionError: by\nzero", None, "please report the lines above"],
        ),
        (
            PermissionError(errno.EACCES, "Permission denied", "a/b"),
            2,
            ["a/b", "can't be used (Permission denied)", None, "choose another place, or change it"],
        ),
        (KeyboardInterrupt(), 130, ["tasnet2hef", "stopped by SIGINT", None, None]),
        (
            ModuleNotFoundError("no", name="torch.nn"),
            2,
            [
                "torch.nn",
                None,
                None,
                "this stage runs in hailo/to-onnx-env (make onnx-env), or install tasnet2hef[torch]",
            ],
        ),
    ],
)
def test_each_failure_is_one_object(
    error: BaseException, code: int, parts: list[str | None], capsys: Printed
) -> None:
    assert run(_app_that(error), ["--json"]) == code
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert told["exit"] == code
    where, found, expected, do = (told["error"][name] for name in ("where", "found", "expected", "do"))
    assert [where, parts[1] and found, expected, do] == parts
    assert told["error"]["message"] in printed.err


def test_without_json_stdout_is_empty(capsys: Printed) -> None:
    assert run(_app_that(OptionError("a: found 1, expected 2")), []) == 2
    assert capsys.readouterr().out == ""


def test_a_report_that_is_refused_says_so_itself(capsys: Printed) -> None:
    assert run(_app_that(RefusedError("a: too bad"), {"figure": 1}), ["--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert list(told) == ["figure", "error", "exit"]


def test_a_report_that_is_done_has_no_exit_code(capsys: Printed) -> None:
    assert run(_app_that(None, {"figure": 1}), ["--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"figure": 1}


def test_a_report_that_json_lacks_is_a_mistake(capsys: Printed) -> None:
    assert run(_app_that(None, {"figure": float("nan")}), ["--json"]) == 70
    assert json.loads(capsys.readouterr().out)["exit"] == 70


@pytest.mark.parametrize(
    ("words", "where"),
    [
        (["check", "--json"], "tasnet2hef check"),
        (["check", "a.onnx", "--no-such", "--json"], "tasnet2hef check"),
        (["calibrate", "a", "b", "--windows", "x", "--json"], "tasnet2hef calibrate"),
        (["nonsense", "--json"], "tasnet2hef"),
    ],
)
def test_a_wrong_command_line_is_an_object_too(words: list[str], where: str, capsys: Printed) -> None:
    assert run(make_app(), words) == 2
    printed = capsys.readouterr()
    told = json.loads(printed.out)
    assert told["exit"] == 2
    assert told["error"]["where"].endswith(where.removeprefix("tasnet2hef"))
    assert told["error"]["found"]
    assert told["error"]["do"].endswith("--help")
    assert printed.err


def test_a_wrong_command_line_is_escaped(capsys: Printed) -> None:
    assert run(make_app(), ["check", "--\x1b[2J", "\udcff\u202e"]) == 2
    assert run(make_app(), ["non\x1b[2Jsense"]) == 2
    printed = capsys.readouterr().err
    assert "\x1b[2J" not in printed
    assert r"non\x1b[2Jsense" in printed


@pytest.mark.usefixtures("without_charts")
def test_findings_and_the_refusal_are_one_object(tmp_path: Path, capsys: Printed) -> None:
    onnx.save(RULE.bad[0](), str(tmp_path / "wide.onnx"))
    assert run(make_app(), ["check", str(tmp_path / "wide.onnx"), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["findings"]
    assert told["exit"] == 1
    assert "row-too-wide" in told["error"]["message"]
