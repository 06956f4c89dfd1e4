"""A journal survives being cut off, and belongs to one graph and one set of options."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tasnet2hef.base.errors import OptionError
from tasnet2hef.diagnose.reduce.fingerprint import RunResult
from tasnet2hef.diagnose.reduce.journal import Attempt, Journal


def _attempt(number: int) -> Attempt:
    return Attempt(number, f"digest {number}", 1, 7, "a change", RunResult("exited", ("line:x",), "x"), True, 0.5)


def _journal(tmp_path: Path, **identity: object) -> Journal:
    return Journal(tmp_path / "out" / "steps" / "attempts.jsonl", {"graph": "abc", **identity})


@pytest.mark.parametrize("cut", [1, 20, 90])
def test_the_line_that_was_cut_off_is_lost_and_no_other(tmp_path: Path, cut: int) -> None:
    first = _journal(tmp_path)
    for number in (1, 2, 3):
        first.keep(_attempt(number))
    first.path.write_bytes(first.path.read_bytes()[:-cut])
    again = _journal(tmp_path)
    assert again.resumed == again.count == 2
    assert again.find("digest 2", 1) == _attempt(2)
    assert again.find("digest 3", 1) is None
    again.keep(_attempt(3))
    assert _journal(tmp_path).find("digest 3", 1) == _attempt(3)


def test_another_graph_or_option_is_refused(tmp_path: Path) -> None:
    _journal(tmp_path, shapes=(1, 2))
    assert _journal(tmp_path, shapes=(1, 2)).count == 0
    with pytest.raises(OptionError, match="a different graph: found 'abc', expected 'xyz'"):
        _journal(tmp_path, graph="xyz")


def test_a_damaged_journal_is_one_line(tmp_path: Path) -> None:
    path = _journal(tmp_path).path
    path.write_text("no json\n")
    with pytest.raises(OptionError, match="damaged"):
        _journal(tmp_path)
    path.unlink()
    whole = _journal(tmp_path).path
    whole.write_text(whole.read_text() + '{"number": 1}\n')
    with pytest.raises(OptionError, match="damaged"):
        _journal(tmp_path)


@pytest.mark.parametrize(
    "change", [{"number": "1"}, {"digest": [1]}, {"seconds": None}, {"outcome": {"ended": 1}}]
)
def test_a_value_of_another_kind_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    journal = _journal(tmp_path)
    journal.keep(_attempt(1))
    first, row, *_ = journal.path.read_text().split("\n")
    journal.path.write_text(f"{first}\n{json.dumps({**json.loads(row), **change})}\n")
    with pytest.raises(OptionError, match=r"damaged: \w+: found .*, expected .*; delete the folder"):
        _journal(tmp_path)


def test_a_journal_of_an_earlier_release_is_read(tmp_path: Path) -> None:
    path = _journal(tmp_path).path
    row = {
        "number": 1,
        "digest": "digest 1",
        "repeat": 1,
        "nodes": 7,
        "change": "a change",
        "outcome": {"ended": "exited", "marks": ["line:x"], "words": "x"},
        "same": True,
        "seconds": 0.5,
    }
    path.write_text(f"{path.read_text()}{json.dumps(row)}\n")
    again = _journal(tmp_path)
    assert again.find("digest 1", 1) == _attempt(1)
    again.keep(_attempt(2))
    assert json.loads(path.read_text().splitlines()[-1]) == {**row, "number": 2, "digest": "digest 2"}
