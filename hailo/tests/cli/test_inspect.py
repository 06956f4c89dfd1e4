"""``inspect`` as it is called: tables, JSON, one line for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer

from tasnet2hef.cli.commands.inspect import command
from tasnet2hef.cli.main import run
from tests.target.files.hef_files import MNIST, VITS_HEAD, needs_hefs, save_small

Printed = pytest.CaptureFixture[str]
KEYS = {
    "path",
    "format",
    "size_bytes",
    "header_version",
    "compiler_version",
    "hw_arch",
    "contexts",
    "axes",
    "inputs",
    "outputs",
    "fps",
    "latency_ms",
    "details",
    "notes",
}


def _inspect(*arguments: str | Path) -> int:
    app = typer.Typer(pretty_exceptions_enable=False)
    app.command()(command)
    return run(app, [str(argument) for argument in arguments])


@needs_hefs
def test_a_real_file_in_tables(capsys: Printed) -> None:
    assert _inspect(MNIST) == 0
    printed = capsys.readouterr().out
    for words in ("3.27.0", "hailo8", "141,093.47 frames/s", "0.060 ms", "32 x 32 x 1", "0.0357312", "0 to 9.111"):
        assert words in printed
    assert "MNIST_CNN/bn1/FusedBatchNormV3" in printed
    assert "MD5 of the metadata agrees" in printed


@needs_hefs
def test_a_cut_off_file_is_one_line_and_exit_2(capsys: Printed) -> None:
    assert _inspect(VITS_HEAD) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "read what is left with --damaged" in printed.err
    assert _inspect(VITS_HEAD, "--damaged", "--verbose") == 0
    printed = capsys.readouterr()
    assert "From one context to another" in printed.out
    assert "note: length: WRONG: cut off" in printed.err


def test_json_has_the_same_keys_for_every_format(tmp_path: Path, capsys: Printed) -> None:
    from tests.quantize.small_net import save_net
    from tests.target.files.test_har import members_of, save_har

    paths = [
        save_small(tmp_path / "a.hef"),
        save_har(tmp_path / "a.har", members_of()),
        save_net(tmp_path / "a.onnx"),
    ]
    for path in paths:
        assert _inspect(path, "--json") == 0
        printed = json.loads(capsys.readouterr().out)
        assert set(printed) == KEYS
        assert printed["format"] == path.suffix[1:]
        assert _inspect(path) == 0
        assert printed["inputs"][0]["name"] in capsys.readouterr().out


def test_a_file_cannot_command_the_terminal(tmp_path: Path, capsys: Printed) -> None:
    def change(message: Any) -> None:
        group = message.network_groups[0]
        group.metadata.name = "\x1b[2J[red]\x07net"
        group.contexts[0].metadata.edge_layers[0].layer.name = "in\x1b]0;owned\x07" + "x" * 5000

    assert _inspect(save_small(tmp_path / "a.hef", change)) == 0
    printed = capsys.readouterr().out
    assert "\x1b" not in printed
    assert "\x07" not in printed
    assert r"\x1b[2J[red]\x07net" in printed
    assert printed.count("x") < 3000


def test_long_lists_are_cut_short_in_tables(tmp_path: Path, capsys: Printed) -> None:
    from tests.target.files.hef_files import add_stream

    def change(message: Any) -> None:
        for number in range(100):
            add_stream(message.network_groups[0].contexts[0], f"net/more{number}", 1)

    path = save_small(tmp_path / "a.hef", change)
    assert _inspect(path) == 0
    assert "and 62 more (--json has all)" in capsys.readouterr().out
    assert _inspect(path, "--json") == 0
    assert len(json.loads(capsys.readouterr().out)["outputs"]) == 102
