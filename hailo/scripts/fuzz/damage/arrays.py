"""Damage to NumPy's ``.npy``: its version, its header's length, shape, type and order, and its values."""

from __future__ import annotations

import random
import re

from scripts.fuzz.damage import octets, text

_SHAPES = (
    "()",
    "(0,)",
    "(-1,)",
    "(4,)",
    "(2**62,)",
    "(1, 1, 1, 1)",
    "(9999999999, 9999999999)",
    "(1.5,)",
    "('a',)",
    "None",
)
_TYPES = ("<f8", "<f2", ">f4", "<i4", "|O", "<U99999999", "|V8", "f", "c16", "[('a', '<f4')]", "<f999", "", "m8")


def damaged(content: bytes, dice: random.Random) -> bytes:
    """Damage the header most of the time, else any bytes."""
    if content[:6] != b"\x93NUMPY" or dice.random() < 0.3:
        return octets.damaged(content, dice, head=128)
    length = int.from_bytes(content[8:10], "little")
    header, values = content[10 : 10 + length].decode("latin-1"), content[10 + length :]
    way = dice.randrange(5)
    if way == 0:
        header = re.sub(r"\([^)]*\)", dice.choice(_SHAPES), header)
    elif way == 1:
        header = re.sub(r"'descr': '[^']*'", f"'descr': {dice.choice(_TYPES)!r}", header)
    elif way == 2:
        header = header.replace("False", dice.choice(("True", "None", "1", "'x'")))
    elif way == 3:
        values = octets.damaged(values, dice)
    else:
        return content[:10] + text.damaged(header, dice) + values
    return (
        content[:8] + min(len(header), 65535).to_bytes(2, "little") + header.encode("latin-1", "replace") + values
    )
