"""JSON from outside is bounded, and what it holds has the types and ranges of its dataclass."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import pytest
from annotated_types import Interval

from tasnet2hef.base.errors import OptionError
from tasnet2hef.base.records import MOST_DEPTH, RecordError, parse_json, read_json, record_of, shown


@dataclass(frozen=True, kw_only=True)
class Inner:
    rate: Annotated[int, Interval(ge=1000, le=384_000)]
    names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.rate == 1001:
            raise OptionError("rate: found 1001")


@dataclass(frozen=True, kw_only=True)
class Outer:
    inner: Inner
    layout: Literal["tall", "wide"] = "tall"
    level: float | None = None
    is_wide: bool = False
    facts: dict[str, Any] = field(default_factory=dict)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "found no JSON"),
        ("[", "found no JSON"),
        (b"\xff{}", "byte 0: found 0xff, expected UTF-8"),
        ("{}".encode("utf-16"), "byte 0: found 0xff, expected UTF-8"),
        ("[" * 100_000, "levels"),
        ("[" * 100_000 + "]" * 100_000, "levels"),
        ('{"a":' * 70 + "1" + "}" * 70, f"more than {MOST_DEPTH} levels"),
        ("9" * 5000, "an integer of 5,000 digits"),
        ("-" + "9" * 41, "an integer of 42 digits"),
        ("[1e999]", "expected a finite number"),
        ("NaN", "found NaN, expected a finite number"),
        ("[-Infinity]", "found -Infinity, expected a finite number"),
        ('{"a": 1, "b": 2, "a": 1}', "a: found it twice"),
        ('"\\ud800"', "half a character"),
        ('{"\\udfff": 1}', "half a character"),
    ],
)
def test_json_that_is_not_plain_is_refused(content: str | bytes, reason: str) -> None:
    with pytest.raises(RecordError, match=reason):
        parse_json(content)


@pytest.mark.parametrize("depth", [1, MOST_DEPTH])
def test_depth_up_to_the_bound_is_read(depth: int) -> None:
    assert json.dumps(parse_json("[" * depth + "]" * depth)) == "[" * depth + "]" * depth


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert parse_json(b"\xef\xbb\xbf" + b'{"a": "\xc3\xa4"}') == {"a": "ä"}


def test_a_large_file_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "record.json"
    path.write_text("[1, 2]")
    assert read_json(path, most_bytes=6) == [1, 2]
    with pytest.raises(RecordError, match="found 6 bytes, expected at most 5"):
        read_json(path, most_bytes=5)
    with pytest.raises(RecordError, match="not a file"):
        read_json(tmp_path)


def test_a_record_becomes_its_dataclass() -> None:
    value = {"inner": {"rate": 8000, "names": ["a"]}, "level": -25, "facts": {"x": [1, 2.5]}, "unknown": 1}
    record = record_of(Outer, value)
    assert record == Outer(inner=Inner(rate=8000, names=("a",)), level=-25.0, facts={"x": [1, 2.5]})
    assert isinstance(record.level, float)


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ([], "found a list of 0, expected an object"),
        ({}, "inner: found nothing, expected a value"),
        ({"inner": {"rate": True}}, "inner.rate: found True, expected a valid integer"),
        ({"inner": {"rate": 8000.0}}, "inner.rate: found 8000.0, expected a valid integer"),
        ({"inner": {"rate": "8000"}}, "inner.rate: found '8000', expected a valid integer"),
        (
            {"inner": {"rate": 2**63}},
            "inner.rate: found 9223372036854775808, expected less than or equal to 384000",
        ),
        ({"inner": {"rate": 8000, "names": "ab"}}, "inner.names: found 'ab', expected a valid array"),
        ({"inner": {"rate": 8000, "names": ["a", 1]}}, "inner.names.1: found 1, expected a valid string"),
        ({"inner": {"rate": 8000}, "level": {"a": 1}}, "level: found a mapping of 1, expected a valid number"),
        ({"inner": {"rate": 8000}, "level": True}, "level: found True, expected a valid number"),
        ({"inner": {"rate": 8000}, "is_wide": 1}, "is_wide: found 1, expected a valid boolean"),
        ({"inner": {"rate": 8000}, "layout": "\x1b[2J"}, r"layout: found '\x1b[2J', expected 'tall' or 'wide'"),
    ],
)
def test_a_wrong_value_is_named(value: Any, reason: str) -> None:
    with pytest.raises(RecordError) as raised:
        record_of(Outer, value)
    assert reason in str(raised.value)


def test_a_dataclass_may_refuse_by_itself() -> None:
    with pytest.raises(OptionError, match="found 1001"):
        record_of(Outer, {"inner": {"rate": 1001}})


@pytest.mark.parametrize(
    "value",
    ["x" * 10_000, b"x" * 10_000, pytest.param(10**5000, id="large"), ["x" * 1000], "\x1b" * 100, "\ud800" * 99],
)
def test_a_shown_value_is_short_and_on_one_plain_line(value: object) -> None:
    text = shown(value)
    assert len(text) <= 60
    assert text.isprintable()
    assert text.isascii()
