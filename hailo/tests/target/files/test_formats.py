"""Formats are recognised by the content of a file."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tasnet2hef.base.errors import InputError
from tasnet2hef.target.files.formats import read_file
from tests.target.files.hef_files import save, save_small
from tests.target.files.test_har import members_of, save_har


def test_names_do_not_count(tmp_path: Path) -> None:
    assert read_file(save_small(tmp_path / "a.onnx")).format == "hef"
    assert read_file(save_har(tmp_path / "b.hef", members_of())).format == "har"


def test_what_is_none_of_them(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"starts with .*mock.*, which is none of"):
        read_file(save(tmp_path / "mock.hef", b'{"mock": true}'))
    with pytest.raises(InputError, match="is empty"):
        read_file(save(tmp_path / "empty.hef", b""))
    with pytest.raises(InputError, match="found a folder or a device"):
        read_file(tmp_path)
    with pytest.raises(InputError, match="No such file"):
        read_file(tmp_path / "missing.hef")
    os.mkfifo(tmp_path / "pipe.hef")
    with pytest.raises(InputError, match="found a folder or a device"):
        read_file(tmp_path / "pipe.hef")
