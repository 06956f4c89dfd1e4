"""Damage to protobuf, field by field without a schema: numbers, texts, sub-messages, wire types and lengths."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from scripts.fuzz.damage import octets
from scripts.fuzz.damage.values import ODD_TEXTS

VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
_DEEP = 3_000
_GO_DOWN = 0.85


@dataclass(frozen=True)
class Field:
    """One field on the wire: its number, its wire type, its value, and the length that is written for it."""

    number: int
    wire: int
    value: int | bytes
    length: int | None = None
    """Written in place of the true one."""


Fields = list[Field]
Way = Callable[[Fields, int, random.Random], None]


def damaged(message: bytes, dice: random.Random) -> bytes:
    """Damage a message in a few places."""
    ways = _WELL_FORMED if dice.random() < 0.8 else _ALL
    for _ in range(dice.choice((1, 1, 1, 2, 3, 5))):
        message = _damaged_once(message, ways, dice)
    return message


def _damaged_once(message: bytes, ways: Sequence[Way], dice: random.Random) -> bytes:
    fields = read(message)
    if not fields:
        return octets.damaged(message, dice)
    place = dice.randrange(len(fields))
    field = fields[place]
    if isinstance(field.value, bytes) and dice.random() < _GO_DOWN and read(field.value):
        fields[place] = replace(field, value=_damaged_once(field.value, ways, dice))
    else:
        dice.choice(ways)(fields, place, dice)
    return write(fields)


def read(message: bytes) -> Fields | None:
    """Return the fields of a message; None where the bytes are none, e.g. because they are a text."""
    fields, place = [], 0
    try:
        while place < len(message):
            tag, place = _varint(message, place)
            value: int | bytes
            if tag & 7 == VARINT:
                value, place = _varint(message, place)
            else:
                size = {FIXED64: 8, FIXED32: 4}.get(tag & 7)
                if size is None:
                    if tag & 7 != BYTES:
                        return None
                    size, place = _varint(message, place)
                value, place = message[place : place + size], place + size
            if not 0 < tag >> 3 < 2**29 or place > len(message):
                return None
            fields.append(Field(tag >> 3, tag & 7, value))
    except IndexError:
        return None
    return fields


def write(fields: Fields) -> bytes:
    """Return the bytes of a message."""
    written = bytearray()
    for field in fields:
        written += _bytes_of(field.number << 3 | field.wire)
        if isinstance(field.value, int):
            written += _bytes_of(field.value)
        else:
            if field.wire == BYTES:
                written += _bytes_of(len(field.value) if field.length is None else field.length)
            written += field.value
    return bytes(written)


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        value |= (byte & 0x7F) << shift
        place, shift = place + 1, shift + 7
        if byte < 0x80:
            return value, place
        if shift > 63:
            raise IndexError


def _bytes_of(value: int) -> bytes:
    written = bytearray()
    value &= 2**64 - 1
    while value >= 0x80:
        written.append(value & 0x7F | 0x80)
        value >>= 7
    written.append(value)
    return bytes(written)


def _change(fields: Fields, place: int, dice: random.Random) -> None:
    field = fields[place]
    if isinstance(field.value, int):
        value: int | bytes = dice.choice((*octets.NUMBERS, -1, field.value + 1, field.value - 1, field.value * 2))
    elif dice.random() < 0.5:
        value = dice.choice(ODD_TEXTS).encode("utf-8", "surrogateescape")
    else:
        value = octets.damaged(field.value, dice)
    fields[place] = replace(field, value=value)


def _exchange(fields: Fields, place: int, dice: random.Random) -> None:
    """Give one field the value of another of the same wire type: names, wires and shapes that don't belong."""
    alike = [each for each in fields if each.wire == fields[place].wire]
    fields[place] = replace(fields[place], value=dice.choice(alike).value)


def _lose(fields: Fields, place: int, dice: random.Random) -> None:
    del fields[place]


def _repeat(fields: Fields, place: int, dice: random.Random) -> None:
    value = fields[place].value
    times = dice.choice((1, 1, 2, 50)) if isinstance(value, int) or len(value) < 10_000 else 1
    fields[place:place] = [fields[place]] * times


def _move(fields: Fields, place: int, dice: random.Random) -> None:
    fields.insert(dice.randrange(len(fields)), fields.pop(place))


def _renumber(fields: Fields, place: int, dice: random.Random) -> None:
    number = dice.choice((1, 2, 3, 4, 5, 7, 8, 11, 14, 20, fields[place].number + 1, 2**29 - 1))
    fields[place] = replace(fields[place], number=number)


def _rewire(fields: Fields, place: int, dice: random.Random) -> None:
    fields[place] = replace(fields[place], wire=dice.choice((VARINT, FIXED64, BYTES, 3, 4, FIXED32, 6)))


def _lie(fields: Fields, place: int, dice: random.Random) -> None:
    fields[place] = replace(fields[place], length=dice.choice(octets.NUMBERS))


def _deepen(fields: Fields, place: int, dice: random.Random) -> None:
    field = fields[place]
    inner = b""
    for _ in range(dice.choice((20, 200, _DEEP))):
        inner = write([Field(field.number, BYTES, inner)])
    fields[place] = replace(field, wire=BYTES, value=inner)


_WELL_FORMED: tuple[Way, ...] = (
    _change, _change, _change, _change, _exchange, _exchange, _lose, _lose, _repeat, _move,
)  # fmt: skip
_ALL = (*_WELL_FORMED, _renumber, _rewire, _lie, _deepen)
