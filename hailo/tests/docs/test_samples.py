"""Sample outputs: each belongs to a command that can be run; README shows the pictures that are drawn now."""

from __future__ import annotations

import importlib.util
import shlex
import sys
from pathlib import Path

import pytest

from tests.docs.console_blocks import ROOT
from tests.docs.existence import check_exists

pytest.importorskip("matplotlib", reason="draws the pictures")

from scripts.pages import outputs, pictures

LARGEST_PICTURE_BYTES = 300_000
PAGES = {page: page.read_text(encoding="utf-8") for page in outputs.pages()}


def test_samples_are_found_wherever_one_is_announced() -> None:
    announced = {page: text.count("<!-- output ") for page, text in PAGES.items()}
    assert sum(announced.values()) >= 15
    assert {page: len(list(outputs.samples_of(text))) for page, text in PAGES.items()} == announced


@pytest.mark.parametrize(
    "page", [page for page, text in PAGES.items() if "<!-- output " in text], ids=lambda page: page.stem
)
def test_a_sample_is_of_a_command_that_exists_and_holds_no_place_of_this_machine(page: Path) -> None:
    for sample in outputs.samples_of(PAGES[page]):
        check_exists(tuple(shlex.split(sample.command)))
        lines = sample.shown.strip().splitlines()
        assert 1 < len(lines) <= sample.first + sample.last + 1, sample.command
        assert "/tmp/" not in sample.shown, sample.command
        assert str(ROOT) not in sample.shown, sample.command


def test_a_page_is_renewed_by_what_its_command_prints() -> None:
    page = "before\n\n  <!-- output 1+1: tasnet2hef rules -->\n  ```text\n  old\n  ```\nafter\n"
    after = outputs.renewed(page, {"tasnet2hef rules": "one\n\ntwo\n\nfour\n"})
    assert after == page.replace("  old\n", "  one\n  ...\n  four\n")
    assert outputs.renewed(after, {"tasnet2hef rules": "one\n\ntwo\n\nfour\n"}) == after


@pytest.mark.skipif(sys.version_info < (3, 11), reason="a terminal's size is set with Python 3.11")
@pytest.mark.slow
def test_what_a_terminal_of_80_columns_shows(tmp_path: Path) -> None:
    printed = outputs.printed_by("tasnet2hef rules row-too-wide", tmp_path)
    assert "row-too-wide" in printed.lstrip().splitlines()[0]
    assert max(map(len, printed.splitlines())) <= 80
    assert "\x1b" not in printed
    assert outputs.printed_by("tasnet2hef check nothing.onnx", tmp_path).startswith("error: nothing.onnx: ")


@pytest.mark.skipif(importlib.util.find_spec("mkdocs") is None, reason="drawn where the site is built")
def test_the_readmes_pictures_are_those_that_are_drawn() -> None:
    files = pictures.files()
    assert len(files) == 2
    for path, text in files.items():
        assert path.read_text(encoding="utf-8") == text, f"{path}: make samples draws it anew"
        assert str(path.relative_to(ROOT)) in PAGES[ROOT / "README.md"]
        assert "currentColor" not in text


def test_every_picture_of_a_page_is_there_and_small() -> None:
    for picture in (ROOT / "docs" / "pictures").iterdir():
        assert picture.stat().st_size < LARGEST_PICTURE_BYTES
        assert any(picture.name in text for text in PAGES.values()), picture.name
