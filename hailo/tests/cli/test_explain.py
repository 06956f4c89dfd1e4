"""`tasnet2hef explain`: one object for machines, one line for a log that can't be read."""

from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import onnx
import pytest

from tasnet2hef.cli.main import make_app, run
from tasnet2hef.target.rules import row_too_wide

Printed = pytest.CaptureFixture[str]

KEYS = ["signature", "known", "cause", "fix", "grade", "evidence", "node", "commands"]
INFEASIBLE = "[info] Using Multi-context flow\n[error] Mapping Failed\nconv1 errors: Agent infeasible\n"
REFUSED = (
    "ParsingWithRecommendationException: Parsing failed. The errors found in the graph are:\n"
    " UnsupportedShuffleLayerError in op /m/Reshape_4: Failed to determine type of layer to create in node "
    "/m/Reshape_4 (Reshape)\n"
)


def _log(folder: Path, text: str | bytes) -> Path:
    path = folder / "stage.log"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def _graph(folder: Path, name: str) -> Path:
    path = folder / f"{name}.onnx"
    rule = row_too_wide.RULE
    onnx.save((rule.bad[0] if name == "wide" else rule.good[1])(), str(path))
    return path


def _explained(capsys: Printed, *words: str | Path) -> dict[str, Any]:
    assert run(make_app(), ["explain", *map(str, words), "--json"]) == 0
    explained: dict[str, Any] = json.loads(capsys.readouterr().out)
    return explained


def test_the_keys_are_these_and_no_others(tmp_path: Path, capsys: Printed) -> None:
    explained = _explained(capsys, _log(tmp_path, REFUSED))
    assert list(explained) == KEYS
    assert (explained["signature"], explained["known"], explained["node"]) == (
        "shuffle-layer",
        True,
        "/m/Reshape_4",
    )
    assert "/m/Reshape_4 (Reshape): Failed to determine type" in explained["cause"]
    assert explained["grade"] in ("recorded", "documented", "inferred")


def test_a_graph_rules_causes_out(tmp_path: Path, capsys: Printed) -> None:
    log = _log(tmp_path, INFEASIBLE)
    alone = _explained(capsys, log)
    wide = _explained(capsys, log, "--graph", _graph(tmp_path, "wide"), "--stage", "compile")
    tall = _explained(capsys, log, "--graph", _graph(tmp_path, "tall"), "--stage", "compile")
    assert {alone["signature"], wide["signature"], tall["signature"]} == {"agent-infeasible"}
    assert "--layout tall" in wide["fix"]
    assert "width is not the cause" in tall["cause"]
    assert "tall" not in tall["fix"] + " ".join(tall["commands"]).replace(str(tmp_path), "").replace(
        "tall.onnx", ""
    )


def test_a_script_and_a_calibration_set_are_read(tmp_path: Path, capsys: Printed) -> None:
    script, calibration = tmp_path / "own.alls", tmp_path / "c.npz"
    script.write_text("quantization_param({conv*}, precision_mode=a16_w4)\n")
    np.savez(calibration, input_layer1=np.zeros((2, 3, 4, 5), np.float32))
    log = _log(tmp_path, "Unsupported value [PrecisionMode.a16_w4] for fields ['precision_mode']")
    explained = _explained(
        capsys, log, "--script", script, "--calib", calibration, "--dfc", "5.3.0", "--hw", "hailo10h"
    )
    assert explained["signature"] == "precision-mode"
    assert "line 1 (quantization_param)" in explained["cause"]
    assert "--hw hailo10h" in " ".join(explained["commands"])


def test_the_standard_input_is_read(capsys: Printed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(INFEASIBLE.encode())))
    assert _explained(capsys, "-")["signature"] == "agent-infeasible"


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "latin-1"])
def test_other_encodings_are_read(tmp_path: Path, capsys: Printed, coding: str) -> None:
    log = _log(tmp_path, INFEASIBLE.replace("\n", "\r\n").encode(coding))
    assert _explained(capsys, log)["signature"] == "agent-infeasible"


@pytest.mark.parametrize("where", ["first", "last"])
def test_of_a_huge_log_both_ends_are_read(tmp_path: Path, capsys: Printed, where: str) -> None:
    log, line = tmp_path / "huge.log", b"[error] Super deconv is not supported with groups\n"
    with log.open("wb") as file:
        file.write(line if where == "first" else b"start\n")
        file.truncate(1 << 30)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + (line if where == "last" else b"end\n"))
    with log.open("r+b") as file:  # what is read must not be zeros
        file.seek(100)
        file.write(b"x" * (1 << 18))
        file.seek(-(1 << 21) - 1000, os.SEEK_END)
        file.write(b"x" * (1 << 21))
    assert _explained(capsys, log)["signature"] == "grouped-deconvolution"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\0" * 5000, "is empty"),
        (bytes(range(256)) * 400, "found binary data"),
        (b"\x7fELF\x02\x01" + b"\x01\x02\x03\xff" * 2000, "found binary data"),
    ],
)
def test_what_is_no_text_is_one_line_and_exit_2(
    tmp_path: Path, capsys: Printed, content: bytes, words: str
) -> None:
    assert run(make_app(), ["explain", str(_log(tmp_path, content)), "--json"]) == 2
    printed = capsys.readouterr()
    assert words in printed.err
    assert printed.err.strip().count("\n") == 0
    assert words in json.loads(printed.out)["error"]["message"]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["nothing.log"], "found nothing there"),
        (["."], "found a folder"),
        (["stage.log", "--stage", "cooking"], "found 'cooking', expected translate"),
        (["stage.log", "--hw", "hailo9"], "hailo9"),
        (["stage.log", "--graph", "stage.log"], "not an ONNX model"),
        (["stage.log", "--script", "nothing.alls"], "can't be read"),
        (["stage.log", "--calib", "stage.log"], "not a calibration set"),
        (["stage.log", "-o", "."], "is a folder"),
    ],
)
def test_bad_use_is_exit_2(
    tmp_path: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch, words: list[str], message: str
) -> None:
    _log(tmp_path, INFEASIBLE)
    monkeypatch.chdir(tmp_path)
    assert run(make_app(), ["explain", *words]) == 2
    assert message in " ".join(capsys.readouterr().err.split())


def test_an_unknown_failure_is_said_to_be_one_and_makes_a_report(tmp_path: Path, capsys: Printed) -> None:
    text = "RuntimeError: gone wrong at /model.22/Reshape_10, see /home/somebody/secret/net.py\n"
    report = tmp_path / "report.md"
    graph = _graph(tmp_path, "tall")
    explained = _explained(capsys, _log(tmp_path, text), "--graph", graph, "-o", report, "--dfc", "3.33.0")
    assert (explained["signature"], explained["known"]) == ("unknown", False)
    assert "gone wrong at /model.22/Reshape_10" in explained["cause"]
    written = report.read_text(encoding="utf-8")
    for words in ("gone wrong at /model.22/Reshape_10", ".../net.py", "3.33.0", "What to attach", "layout: tall"):
        assert words in written
    assert "somebody" not in written
    assert str(tmp_path) not in written


def test_a_log_without_a_failure_is_told_so(tmp_path: Path, capsys: Printed) -> None:
    log = _log(tmp_path, "[info] Building HEF...\n[info] Successful Compilation (compilation time: 5s)\n")
    assert _explained(capsys, log)["signature"] == "no-failure"


def test_people_get_cause_fix_and_next_command(tmp_path: Path, capsys: Printed) -> None:
    assert run(make_app(), ["explain", str(_log(tmp_path, REFUSED))]) == 0
    printed = capsys.readouterr().out
    for words in ("shuffle-layer", "/m/Reshape_4", "cause", "known from", "next command"):
        assert words in printed
