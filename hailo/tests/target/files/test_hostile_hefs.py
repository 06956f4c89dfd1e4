"""Damaged and hostile HEFs: one line, bounded memory, whatever the bytes."""

from __future__ import annotations

import tempfile
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tasnet2hef.base.errors import InputError
from tasnet2hef.target.files import hef_schema
from tasnet2hef.target.files.hef import read_hef
from tests.target.files.hef_files import hef_bytes, refusal_of, save, small_message

PROTOBUF: bytes = small_message().SerializeToString()


def _refusal(content: bytes, *, damaged: bool = False) -> str:
    """Return the one line that refuses these bytes as a file; empty when they are read."""
    with tempfile.TemporaryDirectory() as folder:
        path = save(Path(folder) / "a.hef", content)
        refused = refusal_of(lambda file: read_hef(file, damaged=damaged), path)
        assert "\n" not in refused
        assert not refused or refused.startswith(str(path))
        return refused


@given(st.data())
def test_cut_off_anywhere(data: st.DataObject) -> None:
    whole = hef_bytes(PROTOBUF, data.draw(st.sampled_from([0, 3])))
    assert _refusal(whole) == ""
    assert _refusal(whole[: data.draw(st.integers(1, len(whole) - 1))])


@given(st.integers(0, 3), st.dictionaries(st.integers(0, len(PROTOBUF) - 1), st.integers(0, 255), max_size=8))
def test_altered_metadata_under_a_right_checksum(version: int, changes: dict[int, int]) -> None:
    altered = _altered(PROTOBUF, changes)
    assert not _refusal(hef_bytes(altered, version)) or altered != PROTOBUF


@given(st.dictionaries(st.integers(0, 55 + len(PROTOBUF)), st.integers(0, 255), min_size=1, max_size=8))
def test_an_altered_file_is_refused_or_reads_as_the_unaltered_one(changes: dict[int, int]) -> None:
    """Only what no checksum covers may differ unseen: the header's fields that are not read."""
    whole = hef_bytes(PROTOBUF, 3)
    altered = _altered(whole, changes)
    _refusal(altered, damaged=True)
    assert _refusal(altered) or altered[56:] == whole[56:]


@given(st.binary(min_size=1, max_size=300))
def test_any_bytes_as_metadata(protobuf: bytes) -> None:
    refused = _refusal(hef_bytes(protobuf))
    assert "metadata" in refused or not refused


def _altered(content: bytes, changes: dict[int, int]) -> bytes:
    altered = bytearray(content)
    for place, value in changes.items():
        altered[place] = value
    return bytes(altered)


@pytest.mark.parametrize(
    ("protobuf", "words"),
    [
        (b"\x0a" + b"\xff" * 9 + b"\x01", "breaks off"),  # a header of 2**63 bytes
        (b"\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x10", "breaks off"),  # of 2**60 bytes
        (b"\xff" * 11, "breaks off"),  # a number of more than ten bytes
        (b"\x0b" * 10_000, "breaks off"),  # groups in groups
        (b"\x0a\x04\x1a\x02\xff\xfe", "no UTF-8"),  # a version that is no UTF-8
    ],
)
def test_metadata_beyond_reason(protobuf: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        hef_schema.parse(protobuf, "a.hef")


def test_countless_contexts_are_refused_before_they_take_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hef_schema, "MOST_FIELDS", 10_000)
    contexts = b"\x1a\x00" * 1_000_000
    protobuf = b"\x0a\x02\x08\x01\x12" + _varint(len(contexts)) + contexts
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="holds more than 10,000 fields"):
            hef_schema.parse(protobuf, "a.hef")
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def _varint(value: int) -> bytes:
    """Write a number as protobuf does."""
    content = bytearray()
    while value > 0x7F:
        content.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*content, value])
