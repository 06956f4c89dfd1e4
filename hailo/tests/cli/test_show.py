"""The console: nothing that comes from a file can command it, whatever prints it."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from tasnet2hef.cli import show
from tasnet2hef.cli.progress import StageDisplay, progress_bar, step_progress, waiting

Printed = pytest.CaptureFixture[str]
HOSTILE = "a\x1b[2J\x1b]0;own\x07[/red]\x9b1m\r\u202e\udcff"
SHOWN = r"a\x1b[2J\x1b]0;own\x07[/red]\x9b1m\x0d\u202e\udcff"
CONTROLS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202e\ud800-\udfff]")


@pytest.mark.parametrize(
    "speak",
    [
        show.notice,
        show.warn,
        show.error,
        show.line,
        lambda text: show.console().print(text, markup=False),
        lambda text: show.table("t", ("name",), [(text,)]),
        lambda text: show.text_table("t", (text,), [("x",)]),
        lambda text: show.error_console(soft_wrap=True).print(text, markup=False),
        lambda text: StageDisplay().note(text),
    ],
)
def test_text_from_files_is_escaped(speak: Callable[[str], None], capsys: Printed) -> None:
    speak(HOSTILE)
    printed = "".join(capsys.readouterr())
    assert SHOWN in printed
    assert not CONTROLS.search(printed)


def test_what_is_no_string_is_escaped_too(capsys: Printed) -> None:
    """Rich itself drops a few controls from its Text, but not the one that begins a command."""
    show.console().print(Panel(Text(HOSTILE)))
    printed = capsys.readouterr().out
    assert r"a\x1b[2J\x1b]0;own" in printed
    assert not CONTROLS.search(printed)


@pytest.mark.parametrize("columns", [40, 160])
def test_a_table_keeps_its_edges(columns: int, monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    show.text_table("t", ("name", "other"), [(HOSTILE, "x"), ("y", HOSTILE)])
    rows = capsys.readouterr().out.splitlines()[1:]
    assert len({len(row.rstrip()) for row in rows}) == 1


def test_colours_still_work(monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    for name in ("NO_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FORCE_COLOR", "1")
    show.warn(HOSTILE)
    printed = capsys.readouterr().err
    assert SHOWN in printed
    assert re.fullmatch(r"\x1b\[1;31m.*\x1b\[0m\n", printed)


def test_progress_shows_labels_as_they_are(monkeypatch: pytest.MonkeyPatch, capsys: Printed) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    with waiting(f"reading {HOSTILE}"):
        pass
    with progress_bar(f"separating {HOSTILE}") as advance:
        advance(1, 2)
    with step_progress() as step:
        step(HOSTILE, 1, 2)
    printed = capsys.readouterr().err
    assert "\x1b]0;own" not in printed
    assert "\x1b[2J\x1b]" not in printed


def test_an_ascii_console_has_ascii_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr("sys.stdout", io.TextIOWrapper(written, encoding="ascii", errors="backslashreplace"))
    show.table("Größe", ("a",), [("1",)])
    assert b"+---+" in written.getvalue()
    assert rb"Gr\xf6\xdfe" in written.getvalue()


@pytest.fixture
def narrow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the console one of 60 columns, as a terminal of that width would."""
    monkeypatch.setattr(show, "console", lambda: Console(width=60, highlight=False, emoji=False))


ROWS = [("conv1", "a" * 30, "b" * 30), ("conv2", "", "short")]


@pytest.mark.usefixtures("narrow")
def test_a_table_that_is_too_wide_becomes_blocks_and_loses_nothing(capsys: Printed) -> None:
    show.table("Layers", ("layer", "first", "second"), ROWS)
    printed = capsys.readouterr().out
    assert max(map(len, printed.splitlines())) <= 60
    for words in ("Layers", "conv1", f"first: {'a' * 30}", f"second: {'b' * 30}", "conv2", "second: short"):
        assert words in " ".join(printed.split())
    assert "\u2503" not in printed


def test_a_table_that_fits_stays_one_without_empty_columns(capsys: Printed) -> None:
    show.table("Layers", ("layer", "first", "second"), [("conv1", "", "b"), ("conv2", "", "c")])
    printed = capsys.readouterr().out
    assert "\u2503" in printed
    assert "first" not in printed


@pytest.mark.usefixtures("narrow")
def test_text_is_folded_and_a_command_is_not(capsys: Printed) -> None:
    show.paragraph("word " * 40)
    show.facts([("short", "word " * 40), ("n" * 50, "value")])
    assert all(len(line) < 60 and line == line.rstrip() for line in capsys.readouterr().out.splitlines())
    command = "tasnet2hef compile " + "--calib a/long/path.npz " * 5
    show.next_command(command.strip(), "why")
    assert f"next: {command.strip()}\n" in capsys.readouterr().out
