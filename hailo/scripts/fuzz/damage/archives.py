"""Damage to ZIP and TAR: members lost, doubled and renamed, headers that lie, links, and bombs of small size."""

from __future__ import annotations

import gzip
import io
import random
import struct
import tarfile
import warnings
import zipfile
from collections.abc import Callable

from scripts.fuzz.damage import octets

Member = Callable[[str, bytes, random.Random], bytes]
"""Damages one member's content, given its name."""
ODD_NAMES = (
    "../outside",
    "/tmp/outside",
    "a/../../b",
    "",
    ".",
    "CON",
    "x" * 300,
    "\x1b[2Jname",
    "a\nb",
    "é",
    "a\\b",
)
_BOMB = bytes(48 << 20)
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


def damaged_zip(content: bytes, dice: random.Random, member: Member) -> bytes:
    """Damage a member most of the time, else the archive: its list of members, its headers or its bytes."""
    if dice.random() < 0.2:
        return octets.damaged(content, dice, head=200)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = [(info.filename, archive.read(info)) for info in archive.infolist()]
        method = archive.infolist()[0].compress_type
    place = dice.randrange(len(members))
    if dice.random() < 0.6:
        name, inner = members[place]
        members[place] = name, member(name, inner, dice)
        return _zip(members, method)
    dice.choice(_LISTS)(members, place, dice)
    packed = _zip(members, dice.choice((method, *_METHODS)))
    return _lie_in_headers(packed, dice) if dice.random() < 0.5 else packed


def damaged_tar(content: bytes, dice: random.Random, member: Member) -> bytes:
    """Do the same to a TAR, plain or packed with gzip; its header's checksum is made right again."""
    packed = content[:2] == b"\x1f\x8b"
    if dice.random() < 0.2:
        return octets.damaged(content, dice, head=600)
    with tarfile.open(fileobj=io.BytesIO(content)) as tar:
        members = [(info.name, tar.extractfile(info).read()) for info in tar if info.isfile()]  # type: ignore[union-attr]
    place = dice.randrange(len(members))
    if dice.random() < 0.6:
        name, inner = members[place]
        members[place] = name, member(name, inner, dice)
        plain = _tar(members)
    else:
        dice.choice(_LISTS)(members, place, dice)
        plain = _odd_tar(members, dice) if dice.random() < 0.5 else _tar(members)
    return gzip.compress(plain, 1, mtime=0) if packed else plain


def _zip(members: list[tuple[str, bytes]], method: int) -> bytes:
    target = io.BytesIO()
    with warnings.catch_warnings(), zipfile.ZipFile(target, "w") as archive:
        warnings.simplefilter("ignore", UserWarning)  # a name that is there twice
        for name, content in members:
            info = zipfile.ZipInfo(name)
            info.compress_type = method
            archive.writestr(info, content, compresslevel=1)
    return target.getvalue()


def _lie_in_headers(content: bytes, dice: random.Random) -> bytes:
    """Change one field of a member's two headers: version, flags, method, checksum, sizes, lengths, offset."""
    changed = bytearray(content)
    start, fields = dice.choice((
        (b"PK\x03\x04", ((4, 2), (6, 2), (8, 2), (14, 4), (18, 4), (22, 4), (26, 2), (28, 2))),
        (b"PK\x01\x02", ((6, 2), (8, 2), (10, 2), (16, 4), (20, 4), (24, 4), (28, 2), (30, 2), (42, 4))),
        (b"PK\x05\x06", ((4, 2), (8, 2), (10, 2), (12, 4), (16, 4), (20, 2))),
    ))  # fmt: skip
    place = content.find(start)
    offset, size = dice.choice(fields)
    if place >= 0:
        lie = dice.choice(octets.NUMBERS) & (256**size - 1)
        changed[place + offset : place + offset + size] = lie.to_bytes(size, "little")
    return bytes(changed)


def _tar(members: list[tuple[str, bytes]]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return target.getvalue()


def _odd_tar(members: list[tuple[str, bytes]], dice: random.Random) -> bytes:
    """Make one member a link, a device, sparse or of another size than its content."""
    plain = bytearray(_tar(members))
    header = plain[:512]
    if dice.random() < 0.5:
        header[156:157] = dice.choice((b"1", b"2", b"3", b"5", b"6", b"S", b"x", b"L", b"g", b"\x00"))
        header[157:166] = b"../target"
    else:
        header[124:136] = dice.choice(
            (b"77777777777\x00", b"00000000000\x00", b"-0000000001\x00", b"\x80" + b"\xff" * 11)
        )
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\x00 " % sum(header)
    plain[:512] = header
    return bytes(plain)


Members = list[tuple[str, bytes]]


def _lose(members: Members, place: int, dice: random.Random) -> None:
    del members[place]


def _double(members: Members, place: int, dice: random.Random) -> None:
    members.append(members[place])


def _rename(members: Members, place: int, dice: random.Random) -> None:
    members[place] = dice.choice((*ODD_NAMES, *(name for name, _ in members))), members[place][1]


def _swap(members: Members, place: int, dice: random.Random) -> None:
    other = dice.randrange(len(members))
    (name, content), (other_name, other_content) = members[place], members[other]
    members[place], members[other] = (name, other_content), (other_name, content)


def _many(members: Members, place: int, dice: random.Random) -> None:
    members += [(f"{members[place][0]}{number}", b"") for number in range(3_000)]


def _bomb(members: Members, place: int, dice: random.Random) -> None:
    members[place] = members[place][0], _BOMB


def _foreign(members: Members, place: int, dice: random.Random) -> None:
    members.insert(0, (dice.choice(ODD_NAMES), struct.pack("<Q", 2**40)))


_LISTS: tuple[Callable[[Members, int, random.Random], None], ...] = (
    _lose, _lose, _double, _rename, _rename, _swap, _many, _bomb, _foreign,
)  # fmt: skip
