"""Prose on the page: escaped, code in backticks, words of the glossary as links to their entries."""

from __future__ import annotations

from tasnet2hef.report.glossary import GLOSSARY, Prose, anchor


def test_the_words_stand_in_order_and_have_a_place_of_their_own() -> None:
    assert list(GLOSSARY) == sorted(GLOSSARY, key=str.lower)
    assert len({anchor(word) for word in GLOSSARY}) == len(GLOSSARY)


def test_a_word_is_linked_once_in_a_text_also_in_the_plural() -> None:
    prose = Prose()
    assert prose("2 contexts, 1 context") == '2 <a class="term" href="#term-context">contexts</a>, 1 context'
    assert prose.entries == [("term-context", "context", GLOSSARY["context"])]


def test_parts_of_other_words_and_code_are_left_alone() -> None:
    prose = Prose()
    assert prose("HEFTY") == "HEFTY"
    assert prose("run `make HEF`") == "run <code>make HEF</code>"
    assert prose.entries == []


def test_what_files_bring_along_stays_text() -> None:
    assert prose_of("<b>`<i>`</b>") == "&lt;b&gt;<code>&lt;i&gt;</code>&lt;/b&gt;"


def prose_of(text: str) -> str:
    return str(Prose()(text))
