"""Archives of arrays: what a member's header says is held against its bytes, before anything is allocated."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tasnet2hef.base.npz import array_header, array_names, opened_npz, read_array, read_text
from tasnet2hef.base.records import RecordError


def member(shape: str = "(2, 4)", kind: str = "'<f4'", content: bytes = bytes(32), order: str = "False") -> bytes:
    text = f"{{'descr': {kind}, 'fortran_order': {order}, 'shape': {shape}, }}".encode()
    text += b" " * (63 - (len(text) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


def save(path: Path, members: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    "array", [np.arange(6.0).reshape(2, 3), np.asfortranarray(np.eye(3)), np.array(["ä", "b"])]
)
def test_what_numpy_saves_is_read(tmp_path: Path, array: np.ndarray[Any, Any]) -> None:
    np.savez_compressed(tmp_path / "a.npz", a=array)
    with opened_npz(tmp_path / "a.npz") as archive:
        assert array_names(archive) == ["a"]
        assert array_header(archive, "a").shape == array.shape
        np.testing.assert_array_equal(read_array(archive, "a"), array)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (member("(3, 4)"), "found 32 bytes, expected 48 by its header"),
        (member("(2, 3)"), "found 32 bytes, expected 24 by its header"),
        (member("(99999999999, 4)"), "found 32 bytes, expected 1,599,999,999,984 by its header"),
        (member("(-2, -4)"), "shape: found"),
        (member("(True, 8)"), "shape: found"),
        (member("(2.0, 4)"), "no readable header"),
        (member("(" + "1," * 40 + ")"), "expected at most 32 sizes"),
        (member("(" + "9" * 5000 + ",)"), "no readable header"),
        (member("(" * 200), "no readable header"),
        (member("(" + "1," * 9000 + ")"), "a header of more than 10,000 bytes"),
        (member(kind="'O'"), "found Python objects"),
        (member(kind="'<f99'"), "no readable header"),
        (member(kind="'<f4"), "no readable header"),
        (member()[:9], "no readable header"),
        (b"", "no readable header"),
        (b"\x93NUMPY\x02\x00\xff\xff\xff\x7f", "a header of more than 10,000 bytes"),
    ],
)
def test_headers_that_lie_are_refused(tmp_path: Path, content: bytes, reason: str) -> None:
    path = save(tmp_path / "a.npz", {"a.npy": content})
    with pytest.raises(RecordError) as raised, opened_npz(path) as archive:
        read_array(archive, "a")
    assert reason in str(raised.value)
    assert len(str(raised.value)) < 300
    assert str(raised.value).isprintable()


def test_archives_out_of_bounds_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    save(path, {f"{number}.npy": b"" for number in range(10_001)})
    with pytest.raises(RecordError, match="found 10,001 members"), opened_npz(path):
        pass
    save(path, {"a.npy": bytes(1 << 20)}, zipfile.ZIP_BZIP2)
    with pytest.raises(RecordError, match="found compression 12"), opened_npz(path):
        pass
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.npy", member())
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.npy", member("(4, 2)"))
    with pytest.raises(RecordError, match="found it 2 times"), opened_npz(path):
        pass
    content = save(path, {"a.npy": member()}).read_bytes()
    path.write_bytes(content.replace((160).to_bytes(4, "little"), (1 << 30).to_bytes(4, "little")))
    with pytest.raises(RecordError, match="bytes in an archive of"), opened_npz(path):
        pass
    path.write_bytes(b"no archive")
    with pytest.raises(RecordError, match=r"expected a whole \.npz"), opened_npz(path):
        pass


@pytest.mark.parametrize("array", [np.array(["a"]), np.array(1.5), np.array("x" * 2_000_000)])
def test_a_text_is_one_short_text(tmp_path: Path, array: np.ndarray[Any, Any]) -> None:
    content = io.BytesIO()
    np.save(content, array)
    path = save(tmp_path / "a.npz", {"a.npy": content.getvalue()})
    with pytest.raises(RecordError, match="expected one text"), opened_npz(path) as archive:
        read_text(archive, "a")
