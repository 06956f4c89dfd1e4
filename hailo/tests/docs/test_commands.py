"""Every command line of the README and of the documentation is run, or where that can't be, checked."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.pages.sandbox import inside
from tasnet2hef.cli.main import make_app, run
from tests.docs.console_blocks import ROOT, Block, blocks_of, count_blocks, pages
from tests.docs.existence import check_exists

pytest.importorskip("torch", reason="most pages begin with a conversion, which needs torch")
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("without_charts")]
PAGES = [pytest.param(page, id=str(page.relative_to(ROOT))) for page in pages()]


@pytest.mark.parametrize("page", PAGES)
def test_every_command_line_holds(page: Path, readers_folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    with inside(readers_folder):
        done = [follow(block, capfd) for block in blocks_of(page)]
    assert len(done) == count_blocks(page.read_text(encoding="utf-8"))
    assert all(each > 0 for each in done), "a block without a single command"


@pytest.mark.parametrize(
    "page", [ROOT / "CONTRIBUTING.md", ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
)
def test_commands_are_copied_without_a_prompt(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert "```console" not in text, (
        "commands go into a block of sh, without $; what they print into a block of text"
    )
    prompts = [block.where for block in blocks_of(page) for words in block.commands if words[0] == "$"]
    assert not prompts


def follow(block: Block, capfd: pytest.CaptureFixture[str]) -> int:
    """Run or check each command of a block; returns how many there were."""
    for words, expected in block.runs:
        if block.check_only or not _can_run(words):
            check_exists(words)
        else:
            code = _run(words)
            assert code == expected, f"{block.where}: {' '.join(words)}: {capfd.readouterr().err}"
    return len(block.commands)


def _can_run(words: tuple[str, ...]) -> bool:
    return words[0] == "tasnet2hef" or words[0].endswith("-env/bin/python")


def _run(words: tuple[str, ...]) -> int:
    if words[0] != "tasnet2hef":
        return subprocess.run([sys.executable, *words[1:]], check=False).returncode
    if ">" not in words:
        return run(make_app(), list(words[1:]))
    *command, _, target = words
    with Path(target).open("w") as file, contextlib.redirect_stdout(file):
        return run(make_app(), command[1:])
