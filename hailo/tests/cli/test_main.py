"""What holds for every command: exit codes, --quiet, --debug, pipes, colours, completion."""

from __future__ import annotations

import inspect
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import onnx
import pytest
import typer
import typer.main

from tasnet2hef.cli import show
from tasnet2hef.cli.main import MISTAKE, make_app, run
from tasnet2hef.cli.progress import progress_bar, waiting
from tasnet2hef.target.rules.row_too_wide import RULE

Printed = pytest.CaptureFixture[str]
ROOT: Any = typer.main.get_command(make_app())
COMMANDS = sorted(ROOT.commands)
COLOUR = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture
def wide(tmp_path: Path) -> str:
    """A graph that `check` refuses."""
    onnx.save(RULE.bad[0](), str(tmp_path / "wide.onnx"))
    return str(tmp_path / "wide.onnx")


def _program(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    inherited = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "FORCE_COLOR")}
    return subprocess.run(
        [sys.executable, "-m", "tasnet2hef", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**inherited, **environment},
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_help_has_an_example_and_json_is_everywhere(name: str, capsys: Printed) -> None:
    assert run(make_app(), [name, "--help"]) == 0
    assert f"tasnet2hef {name}" in capsys.readouterr().out
    help_text = inspect.getdoc(ROOT.commands[name].callback) or ""
    assert f"`tasnet2hef {name}" in help_text
    assert "--json" in {word for parameter in ROOT.commands[name].params for word in parameter.opts}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_wrong_option_is_exit_code_2(name: str, capsys: Printed) -> None:
    assert run(make_app(), [name, "--no-such-option"]) == 2
    printed = capsys.readouterr()
    assert "--no-such-option" in printed.err
    assert printed.out == ""


@pytest.mark.parametrize(
    "name", [name for name in COMMANDS if any(each.required for each in ROOT.commands[name].params)]
)
def test_missing_input_is_one_line_and_exit_code_2(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Printed
) -> None:
    monkeypatch.chdir(tmp_path)
    missing = [f"none_{number}.onnx" for number, each in enumerate(ROOT.commands[name].params) if each.required]
    assert run(make_app(), [name, *missing, "--json"]) == 2
    printed = capsys.readouterr()
    assert printed.err.startswith("error: ")
    assert printed.err.strip().count("\n") == 0
    assert json.loads(printed.out)["exit"] == 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("without_charts")
def test_findings_are_exit_code_1_and_json_is_printed_still(wide: str, capsys: Printed) -> None:
    assert run(make_app(), ["check", wide, "--json"]) == 1
    printed = capsys.readouterr()
    assert json.loads(printed.out)["findings"]
    assert "row-too-wide" in printed.err


def _app_that(raises: BaseException) -> typer.Typer:
    app = typer.Typer()

    @app.command()
    def command() -> None:
        raise raises

    return app


def test_a_mistake_of_ours_is_reported_as_one(capsys: Printed) -> None:
    assert run(_app_that(ZeroDivisionError("by zero")), []) == MISTAKE
    error = capsys.readouterr().err
    assert "ZeroDivisionError: by zero" in error
    assert "numpy" in error
    assert "mistake of tasnet2hef" in error


def test_ctrl_c_is_exit_code_130(capsys: Printed) -> None:
    assert run(_app_that(KeyboardInterrupt()), []) == 130
    assert capsys.readouterr().err.strip() == "stopped"


@pytest.mark.parametrize("way", ["option", "variable"])
def test_debug_adds_the_traceback(way: str, monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    if way == "variable":
        monkeypatch.setenv("TASNET2HEF_DEBUG", "1")
    words = ["--debug"] if way == "option" else []
    assert run(make_app(), [*words, "check", "none.onnx"]) == 2
    lines = capsys.readouterr().err.strip().splitlines()
    assert lines[0].startswith("Traceback")
    assert lines[-1].startswith("error: none.onnx")
    assert "Python" in lines[-2]


def test_debug_ends_with_its_run(capsys: Printed) -> None:
    run(make_app(), ["--debug", "check", "none.onnx"])
    capsys.readouterr()
    run(make_app(), ["check", "none.onnx"])
    assert "Traceback" not in capsys.readouterr().err


def test_quiet_leaves_results_and_errors(wide: str, capsys: Printed) -> None:
    assert run(make_app(), ["--quiet", "check", wide]) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith("wide: Will not compile for hailo8\n")
    assert printed.err.startswith("error: ")
    assert printed.err.strip().count("\n") == 0


def test_quiet_mutes_notes_warnings_and_progress(capsys: Printed) -> None:
    def speak() -> None:
        show.notice("a note")
        show.warn("a warning")
        with waiting("waiting"), progress_bar("working") as advance:
            advance(1, 2)

    app = make_app()
    app.command(name="speak")(speak)
    assert run(app, ["--quiet", "speak"]) == 0
    assert capsys.readouterr().err == ""
    assert run(app, ["speak"]) == 0
    printed = capsys.readouterr().err
    assert "note: a note" in printed
    assert "a warning" in printed


@pytest.mark.slow
@pytest.mark.parametrize(
    "words", [["--help"], ["check", "--help"], ["rules"], ["check", "none.onnx"], ["nonsense"]]
)
def test_no_colours_in_a_pipe(words: list[str]) -> None:
    done = _program(*words)
    assert done.stdout + done.stderr
    assert not COLOUR.search(done.stdout + done.stderr)


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(os, "openpty"), reason="needs pseudo-terminals")
@pytest.mark.parametrize(("variable", "coloured"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_no_color_is_obeyed_on_a_terminal(variable: dict[str, str], coloured: bool) -> None:
    ours, theirs = os.openpty()
    environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
    subprocess.run(
        [sys.executable, "-m", "tasnet2hef", "check", "none.onnx"],
        stderr=theirs,
        check=False,
        env={**environment, "TERM": "xterm-256color", **variable},
    )
    os.close(theirs)
    printed = os.read(ours, 65536).decode()
    os.close(ours)
    assert "none.onnx" in printed
    assert bool(re.search(r"\x1b\[[0-9;]*3[0-7]", printed)) is coloured


@pytest.mark.slow
def test_a_closed_pipe_is_no_traceback() -> None:
    words = [sys.executable, "-m", "tasnet2hef", "rules", "--json"]
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(words, stdout=writer, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writer)
    assert done.stderr == ""


def _script(**environment: str) -> subprocess.CompletedProcess[str]:
    """Run the installed script, whose name the shells complete."""
    script = Path(sys.executable).with_name("tasnet2hef")
    if not script.exists():
        pytest.skip(f"needs the package installed beside {sys.executable}")
    return subprocess.run([script], capture_output=True, text=True, check=False, env={**os.environ, **environment})


@pytest.mark.slow
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_are_printed(shell: str) -> None:
    done = _script(_TASNET2HEF_COMPLETE=f"source_{shell}")
    assert done.returncode == 0, done.stderr
    assert "_TASNET2HEF_COMPLETE" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("typed", "offered"),
    [("tasnet2hef se", {"separate", "selftest"}), ("tasnet2hef check --h", {"--hw", "--help"})],
)
def test_completion_offers_commands_and_options(typed: str, offered: set[str]) -> None:
    position = str(len(typed.split()) - 1)
    done = _script(COMP_WORDS=typed, COMP_CWORD=position, _TASNET2HEF_COMPLETE="complete_bash")
    assert set(done.stdout.split()) == offered, done.stderr
