"""A second reader of protobuf's wire format, with no schema, to hold the first one against."""

from __future__ import annotations

import struct
from collections.abc import Iterator


def values_at(protobuf: bytes, *path: int) -> Iterator[bytes | int]:
    """Yield the values at a path of field numbers: bytes, or the integer of a varint."""
    number, *rest = path
    place = 0
    while place < len(protobuf):
        tag, place = _varint(protobuf, place)
        if tag & 7 == 0:
            value: bytes | int
            value, place = _varint(protobuf, place)
        else:
            size = {1: 8, 5: 4}.get(tag & 7)
            if size is None:
                size, place = _varint(protobuf, place)
            value, place = protobuf[place : place + size], place + size
        if tag >> 3 == number:
            yield from values_at(value, *rest) if rest and isinstance(value, bytes) else [value]


def double_at(protobuf: bytes, *path: int) -> float:
    (value,) = values_at(protobuf, *path)
    assert isinstance(value, bytes)
    return float(struct.unpack("<d", value)[0])


def floats_at(protobuf: bytes, *path: int) -> list[float]:
    return [struct.unpack("<f", value)[0] for value in values_at(protobuf, *path) if isinstance(value, bytes)]


def texts_at(protobuf: bytes, *path: int) -> list[str]:
    return [value.decode() for value in values_at(protobuf, *path) if isinstance(value, bytes)]


def _varint(protobuf: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = protobuf[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
