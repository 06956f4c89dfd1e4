"""Damage to pickles, opcode by opcode: lost, repeated, exchanged, names and numbers changed, depth."""

from __future__ import annotations

import pickletools
import random
import struct
from collections.abc import Callable

from scripts.fuzz.damage import octets

_NAMES = (
    b"cos\nsystem\n", b"cbuiltins\neval\n", b"ctorch\nload\n", b"ccollections\nOrderedDict\n",
    b"cnumpy\nndarray\n", b"ctorch._utils\n_rebuild_tensor_v2\n", b"ctorch\nFloatStorage\n",
    b"cno_such\x1b[31m\nname\n", b"cbuiltins\nset\n",
)  # fmt: skip
_PIECES = (
    b"R", b"b", b"o", b"\x81", b"(", b"t", b"l", b"d", b"u", b"s", b"a", b"e", b"0", b"1", b"2", b"N", b"}",
    b"]", b")", b"Q", b"Pname\n", b".", b"I99\n", b"L" + b"9" * 6_000 + b"L\n", b"Fnan\n", b"h\x00", b"h\x01",
    b"q\x00", b"J\xff\xff\xff\xff", b"K\x05", b"\x8a\x09" + b"\xff" * 8 + b"\x00", b"X\x02\x00\x00\x00\x1b[",
    b"B\xff\xff\xff\x7f", b"r\xff\xff\xff\x7f", b"]" * 20_000 + b"a" * 19_999, b"}" * 5_000,
    b"]" + b"q\x64(h\x64h\x64h\x64e" * 40, b"\x80\x07", b"\x95" + b"\xff" * 8,
)  # fmt: skip
Opcodes = list[bytes]


def damaged(content: bytes, dice: random.Random) -> bytes:
    """Damage the opcodes of the first pickle in ``content``; what follows it stays."""
    try:
        places = [place for _, _, place in pickletools.genops(content)]
    except Exception:  # whatever is no pickle: the caller damaged it before
        return octets.damaged(content, dice)
    end = places[-1] + 1
    opcodes = [content[a:b] for a, b in zip(places, [*places[1:], end], strict=True)]
    for _ in range(dice.choice((1, 1, 2, 4))):
        dice.choice(_WAYS)(opcodes, dice.randrange(len(opcodes)), dice)
        opcodes = opcodes or [b"."]
    return b"".join(opcodes) + content[end:]


def _lose(opcodes: Opcodes, place: int, dice: random.Random) -> None:
    del opcodes[place]


def _repeat(opcodes: Opcodes, place: int, dice: random.Random) -> None:
    opcodes[place:place] = opcodes[place : place + dice.choice((1, 4, 20))] * dice.choice((1, 3))


def _exchange(opcodes: Opcodes, place: int, dice: random.Random) -> None:
    other = dice.randrange(len(opcodes))
    opcodes[place], opcodes[other] = opcodes[other], opcodes[place]


def _insert(opcodes: Opcodes, place: int, dice: random.Random) -> None:
    opcodes.insert(place, dice.choice(_PIECES))


def _replace(opcodes: Opcodes, place: int, dice: random.Random) -> None:
    opcodes[place] = dice.choice(_PIECES)


def _name(opcodes: Opcodes, place: int, dice: random.Random) -> None:
    names = [number for number, code in enumerate(opcodes) if code[:1] == b"c"] or [place]
    opcodes[dice.choice(names)] = dice.choice(_NAMES)


def _number(opcodes: Opcodes, place: int, dice: random.Random) -> None:
    numbers = [number for number, code in enumerate(opcodes) if code[:1] in (b"K", b"M", b"J")] or [place]
    value = dice.choice(octets.NUMBERS)
    small = b"J" + struct.pack("<I", value & 0xFFFFFFFF)
    opcodes[dice.choice(numbers)] = small if dice.random() < 0.5 else b"\x8a\x09" + value.to_bytes(9, "little")


_WAYS: tuple[Callable[[Opcodes, int, random.Random], None], ...] = (
    _lose, _lose, _repeat, _exchange, _insert, _replace, _name, _number, _number, _number,
)  # fmt: skip
