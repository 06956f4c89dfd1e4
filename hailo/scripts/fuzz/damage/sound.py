"""Damage to WAV and FLAC: chunks and the fields of their headers, and samples that are no numbers."""

from __future__ import annotations

import random
import struct

from scripts.fuzz.damage import octets

_FIELDS = ((4, 4), (16, 4), (20, 2), (22, 2), (24, 4), (28, 4), (32, 2), (34, 2), (40, 4))
"""Offset and size of the fields of a plain WAV header: sizes, format, channels, rate, bytes, bits."""
_RATES = (0, 1, 7, 100, 999, 1000, 8000, 44100, 96000, 384000, 655350, 2**31 - 1, 2**32 - 1)


def damaged(content: bytes, dice: random.Random) -> bytes:
    """Damage a header most of the time, else any bytes."""
    if dice.random() < 0.3:
        return octets.damaged(content, dice, head=64)
    changed = bytearray(content)
    if content[:4] == b"fLaC":
        place = dice.randrange(8, 42)  # STREAMINFO: blocks, frames, rate, channels, bits, samples, MD5
        changed[place] = dice.randrange(256)
        return bytes(changed)
    if dice.random() < 0.3:
        changed[24:28] = struct.pack("<I", dice.choice(_RATES))
    elif dice.random() < 0.4:
        number = struct.pack("<f", dice.choice((float("nan"), float("inf"), -float("inf"), 3e38, 1e30, 1e-40)))
        for _ in range(dice.choice((1, 100))):
            place = dice.randrange(44, max(48, len(changed) - 4)) & ~3
            changed[place : place + 4] = number
    else:
        offset, size = dice.choice(_FIELDS)
        changed[offset : offset + size] = (dice.choice(octets.NUMBERS) & (256**size - 1)).to_bytes(size, "little")
    return bytes(changed)
