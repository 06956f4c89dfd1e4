"""What damages files: the same for the same seed, another file than before, and formats that stay readable."""

from __future__ import annotations

import io
import json
import pickle
import random
import tarfile
import zipfile
from collections.abc import Callable

import numpy as np
import pytest

from scripts.fuzz.damage import archives, arrays, octets, pickles, protobuf, sound, text, values
from tests.target.files.hef_files import small_message
from tests.target.files.test_har import HN

TURNS = 200
NOISE = random.Random(0).randbytes(200)
MESSAGE = small_message().SerializeToString()
TEXT = "quantization_param(conv1, precision_mode=a8_w4)\n"


def _packed_tar() -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as tar:
        member = tarfile.TarInfo("a.json")
        member.size = 5
        tar.addfile(member, io.BytesIO(b"[1,2]"))
    return target.getvalue()


def _packed_zip() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(zipfile.ZipInfo("a"), b"content")
        archive.writestr(zipfile.ZipInfo("b"), b"more")
    return target.getvalue()


def _array() -> bytes:
    target = io.BytesIO()
    np.save(target, np.zeros((2, 3), np.float32))
    return target.getvalue()


def _member(_: str, content: bytes, dice: random.Random) -> bytes:
    return octets.damaged(content, dice)


DAMAGE: dict[str, tuple[bytes, Callable[[bytes, random.Random], bytes]]] = {
    "octets": (MESSAGE, octets.damaged),
    "protobuf": (MESSAGE, protobuf.damaged),
    "pickle": (pickle.dumps(HN, protocol=2), pickles.damaged),
    "npy": (_array(), arrays.damaged),
    "wav": (b"RIFF" + NOISE, sound.damaged),
    "flac": (b"fLaC" + NOISE, sound.damaged),
    "text": (TEXT.encode(), lambda content, dice: text.damaged(content.decode(), dice)),
    "json": (json.dumps(HN).encode(), lambda content, dice: values.damaged(json.loads(content), dice).encode()),
    "zip": (_packed_zip(), lambda content, dice: archives.damaged_zip(content, dice, _member)),
    "tar": (_packed_tar(), lambda content, dice: archives.damaged_tar(content, dice, _member)),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_damage_is_the_same_again_and_seldom_nothing(name: str) -> None:
    whole, damage = DAMAGE[name]
    turns = TURNS // 5 if name in ("zip", "tar") else TURNS
    found = [damage(whole, random.Random(seed)) for seed in range(turns)]
    assert found[:20] == [damage(whole, random.Random(seed)) for seed in range(20)]
    assert len(set(found)) > turns * 0.6
    assert found.count(whole) < turns * 0.15


def test_protobuf_is_written_as_it_was_read() -> None:
    fields = protobuf.read(MESSAGE)
    assert fields is not None
    assert protobuf.write(fields) == MESSAGE
    assert protobuf.read(b"\xff\xff\xff") is None


def test_most_damaged_messages_can_still_be_read() -> None:
    """Else every case would be refused at the door, and none would reach what is behind it."""
    damaged = [protobuf.damaged(MESSAGE, random.Random(seed)) for seed in range(TURNS)]
    assert sum(protobuf.read(each) is not None for each in damaged) > TURNS * 0.7


def test_json_gets_what_json_itself_does_not_write() -> None:
    found = "".join(values.damaged(HN, random.Random(seed)) for seed in range(2000))
    for form in ("[[[[[[", "9" * 6000, "1e999", "NaN", '{"a": 1, "a": 2}', "\\u001b"):
        assert form in found
