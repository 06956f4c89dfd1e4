"""The page on checkpoints names what the code reads, and nothing else."""

from __future__ import annotations

import re
from types import ModuleType

import pytest

from tests.docs.console_blocks import ROOT

pytest.importorskip("torch", reason="the layouts need torch")

from tasnet2hef.base.discovery import modules_of
from tasnet2hef.model.checkpoint import conf_files, containers, layouts

PAGE = (ROOT / "docs" / "reference" / "checkpoints.md").read_text(encoding="utf-8")


def _first_column(heading: str) -> list[str]:
    section = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    rows = [line for line in section.splitlines() if line.startswith("| ")]
    return [row.split("|")[1].strip() for row in rows[2:]]


def _stem(module: ModuleType) -> str:
    return module.__name__.rpartition(".")[2]


def test_every_layout_has_its_row() -> None:
    assert sorted(_first_column("Implementations")) == sorted(layout.NAME for layout in modules_of(layouts))


def test_every_place_has_its_row() -> None:
    assert sorted(_first_column("Files and places")) == sorted(_stem(module) for module in modules_of(containers))


def test_every_file_of_options_is_named() -> None:
    listed = PAGE.partition("Options are also\nread from")[2].partition("in the folder of the file")[0]
    assert re.findall(r"`([^`]+)`", listed) == list(conf_files.NAMES)
