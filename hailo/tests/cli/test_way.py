"""The way: every command stands on it, and the overview can be typed."""

from __future__ import annotations

from typing import Any

import pytest
import typer.main

from tasnet2hef.cli.main import make_app, run
from tasnet2hef.cli.way import GROUPS, OTHERS, OVERVIEW, group_of

COMMANDS: list[str] = list(typer.main.get_command(make_app()).commands)  # type: ignore[attr-defined]


def test_every_command_stands_once_on_the_way_and_in_its_order() -> None:
    listed = [name for names in GROUPS.values() for name in names]
    assert len(listed) == len(set(listed))
    assert [name for name in COMMANDS if group_of(name) == OTHERS] == []
    assert [name for name in listed if name in COMMANDS] == COMMANDS


def test_alone_it_prints_the_way(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(make_app(), []) == 0
    printed = capsys.readouterr().out
    assert printed == OVERVIEW
    assert max(map(len, printed.splitlines())) < 80
    typed = [line.partition("tasnet2hef ")[2].split()[0] for line in printed.splitlines() if "tasnet2hef" in line]
    assert [name for name in typed if not name.startswith("-")] == [
        "go",
        "freeze",
        "convert",
        "check",
        "calibrate",
        "separate",
        "demo",
    ]


@pytest.mark.parametrize("name", ["", *COMMANDS])
def test_help_is_short_to_ask_for_and_speaks_no_python(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    words: list[Any] = [name] if name else []
    assert run(make_app(), [*words, "-h"]) == 0
    printed = capsys.readouterr().out
    for python in ("<bool>", "<path>", "<str>", "<int>", "<float>"):
        assert python not in printed
