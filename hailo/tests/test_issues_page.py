"""The page of issues stays true: its tables, its numbers, its quotes, its rules and its pointers into the code."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

import tasnet2hef
from tasnet2hef.target.rules.framework.discovery import all_rules
from tests.replay.attempts import ATTEMPTS
from tests.replay.claims import claims
from tests.replay.issues_tables import PAGE, TABLES, tables_in, without_tables

MOST_LINES = 120
# Numbers that are no result: versions, names of chips, and what the user types or reads on the screen.
GIVEN = ("DFC 3.33.0, hailo8", "a clip of 16,000 samples", "exit code 1", "Hailo-8", "Hailo-10H")
GIVEN_SHAPES = ("`[C, 1, 1]`", "`(k, 1)`", "Conv1d", "1-D", "3-D", "Conv3D")
_COMMAND = re.compile(r"`tasnet2hef[^`]*`")
_LIST_NUMBER = re.compile(r"^\d+\. ", re.MULTILINE)


@pytest.fixture(scope="module")
def page() -> str:
    return PAGE.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def prose(page: str) -> str:
    """Return the page without its tables, on one line, so that a claim may break across lines."""
    return " ".join(_LIST_NUMBER.sub("", without_tables(page)).split())


def _compilers_words() -> list[str]:
    return [" ".join(proof.words.split()) for rule in all_rules() for proof in rule.evidence if proof.words]


def test_it_is_short(page: str) -> None:
    assert len(page.splitlines()) <= MOST_LINES


@pytest.mark.slow
@pytest.mark.parametrize("name", TABLES)
def test_its_tables_are_the_replays(page: str, name: str) -> None:
    actual, expected = tables_in(page)[name], TABLES[name]()
    if find_spec("torch") is None and name == "sizes":  # the columns of the rewritten net need torch
        actual = "\n".join("|".join(line.split("|")[: len(ATTEMPTS) + 2]) + "|" for line in actual.splitlines())
    assert actual == expected, "renew them: cd hailo && python -m tests.replay.issues_tables"


@pytest.mark.slow
def test_it_holds_every_claim(prose: str) -> None:
    assert not [claim for claim in claims() if claim not in prose]


def test_it_holds_no_other_number(prose: str) -> None:
    quotes = [quote for quote in re.findall(r"`[^`]+`", prose) if _is_quoted(quote.strip("`"))]
    for known in sorted([*claims(), *quotes, *GIVEN, *GIVEN_SHAPES], key=len, reverse=True):
        prose = prose.replace(known, "")
    prose = _COMMAND.sub("", prose)
    assert not re.findall(r".{0,40}\d.{0,20}", prose)


def _is_quoted(text: str) -> bool:
    """Tell whether a text is a compiler's message, or its parts in order around `...`, in some rule's evidence."""
    parts = ".*".join(re.escape(part.strip()) for part in text.split("..."))
    return any(re.search(parts, words) for words in _compilers_words())


def test_its_messages_are_the_compilers(prose: str) -> None:
    headings = re.findall(r"### [^#`]*`([^`]+)`", prose)
    unknown = [text for text in headings if " " in text and not _is_quoted(text)]
    assert unknown in ([], ["Couldn't detect CalibrationDataType"])


def test_its_rules_exist(prose: str) -> None:
    named = {name for part in re.findall(r"Check: ([^.]*)\.", prose) for name in re.findall(r"`([\w-]+)`", part)}
    assert named
    assert not named - {rule.id for rule in all_rules()}


def test_its_pointers_into_the_code_hold(prose: str) -> None:
    pointers = re.findall(r"`(\w+)` in `([\w/]+\.py)`", prose)
    assert len(pointers) >= 6
    for name, file in pointers:
        source = (Path(tasnet2hef.__path__[0]) / file).read_text(encoding="utf-8")
        assert re.search(rf"^(def|class) {name}\b", source, re.MULTILINE), f"{name} is not in {file}"
