"""Text from outside: what would command a terminal is shown as an escape."""

from __future__ import annotations

import unicodedata

import pytest

from tasnet2hef.base.text import escaped, one_line


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;owned\x07", r"\x1b]0;owned\x07"),
        ("\x9b2J", r"\x9b2J"),
        ("a\rb\x7f\0", r"a\x0db\x7f\x00"),
        ("\u202egnp.xnno", r"\u202egnp.xnno"),
        ("\udcff.wav", r"\udcff.wav"),
        ("Größe_网络_שלום", "Größe_网络_שלום"),
        ("a\n\tb", "a\n\tb"),
    ],
)
def test_escaped(text: str, shown: str) -> None:
    assert escaped(text) == shown


def test_every_control_and_surrogate_is_escaped() -> None:
    letters = [chr(number) for number in range(0x10000)]
    controls = [each for each in letters if unicodedata.category(each) in ("Cc", "Cs", "Zl", "Zp")]
    directed = [each for each in letters if unicodedata.bidirectional(each) in ("LRE", "RLE", "LRO", "RLO", "PDF")]
    isolates = [each for each in letters if unicodedata.bidirectional(each) in ("LRI", "RLI", "FSI", "PDI")]
    for letter in {*controls, *directed, *isolates} - {"\n", "\t"}:
        assert escaped(letter).isascii(), hex(ord(letter))
        assert escaped(letter).isprintable(), hex(ord(letter))


def test_one_line_has_no_second_one() -> None:
    assert one_line("a\nerror: b\r\n\tc") == r"a\nerror: b\x0d\n\tc"
