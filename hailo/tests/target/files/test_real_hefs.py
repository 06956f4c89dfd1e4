"""The two real files, against what is recorded of them and against a second reader of the wire format."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tasnet2hef.base.errors import InputError
from tasnet2hef.target.files.hef import read_hef
from tests.target.files.hef_files import HEF_EVIDENCE, MNIST, VITS_HEAD, needs_hefs, save
from tests.target.files.wire import double_at, floats_at, texts_at, values_at

pytestmark = needs_hefs
STREAM = (2, 3, 3, 2)
"""Where a context's streams lie: network group, context, metadata, edge layer."""


def test_the_mnist_file_is_read_whole() -> None:
    """README of the folder: whole file, header version 0, one context, hailo8; limits.md 2: 10 LCUs."""
    summary = read_hef(MNIST)
    assert (summary.header_version, summary.compiler_version, summary.hw_arch) == (0, "3.27.0", "hailo8")
    assert summary.contexts == 1
    assert summary.details["layer_controllers"] == 10
    assert summary.details["checks"] == {"checksum": "MD5 of the metadata agrees", "length": "complete"}
    assert summary.details["context_borders"] == []
    assert summary.notes == ()
    (end,) = summary.inputs
    assert end.name == "MNIST_CNN/input_layer1"
    assert end.shape == end.padded_shape == (32, 32, 1), "MNIST padded to 32 x 32"
    (end,) = summary.outputs
    assert end.shape == end.padded_shape == (4, 4, 16)
    assert end.row_bytes == 64, "limits.md 3: output 4x4x16 -> 64"


@pytest.mark.parametrize(("path", "start"), [(MNIST, 32), (VITS_HEAD, 56)])
def test_a_second_reader_finds_the_same(path: Path, start: int) -> None:
    summary = read_hef(path, damaged=True)
    protobuf = path.read_bytes()[start:]
    assert summary.fps == double_at(protobuf, 2, 1, 4)
    assert summary.latency_ms == 1000 * double_at(protobuf, 2, 1, 6)
    assert [summary.details["operations"] or 0] == (list(values_at(protobuf, 2, 1, 8)) or [0])
    assert summary.details["networks"] == texts_at(protobuf, 2, 1, 1)
    assert summary.details["extensions"] == texts_at(protobuf, 5, 2)
    assert summary.contexts == len(list(values_at(protobuf, 2, 3)))
    streams = [*summary.inputs, *summary.outputs]
    borders = summary.details["context_borders"]
    assert sorted([end.name for end in streams] + [each["name"] for each in borders]) == sorted(
        texts_at(protobuf, *STREAM, 3, 1)
    )
    assert sorted(end.scale or 0.0 for end in streams) == sorted(floats_at(protobuf, *STREAM, 3, 3, 2))
    assert [end.zero_point for end in streams if end.zero_point] == floats_at(protobuf, *STREAM, 3, 3, 1)
    assert sorted(end.value_range[1] for end in streams if end.value_range) == sorted(
        floats_at(protobuf, *STREAM, 3, 3, 4)
    )
    names = [name for end in streams for name in end.original_names]
    names += [name for each in borders for name in each["original_names"]]
    assert sorted(names) == sorted(texts_at(protobuf, *STREAM, 3, 5))


def test_the_vits_head_says_that_it_is_cut_off() -> None:
    with pytest.raises(InputError, match=r"cut off in its weights: 17,063 bytes, expected at least 2,316,368"):
        read_hef(VITS_HEAD)


def test_the_vits_head_shows_its_metadata_when_asked() -> None:
    """README of the folder: header version 3, two contexts, heights 148 to 37,888, width 1, rows of 8 columns."""
    summary = read_hef(VITS_HEAD, damaged=True)
    readme = (HEF_EVIDENCE / "README.md").read_text()
    heights = [int(number.replace(",", "")) for number in re.findall(r"height ([\d,]+) to ([\d,]+)", readme)[0]]
    assert (summary.header_version, summary.compiler_version, summary.hw_arch) == (3, "5.3.0", "hailo10h")
    assert summary.contexts == 2
    ends = [*summary.inputs, *summary.outputs]
    assert [end.shape[0] for end in ends] == heights
    assert all(end.shape[1] == 1 for end in ends)
    assert all(end.row_bytes == 8 * (end.shape[2] or 0) for end in ends)
    assert summary.inputs[0].original_names == ("/dec/conv_pre/Conv", "/dec/LeakyRelu")
    assert summary.fps == pytest.approx(23.9, abs=0.05), "limits.md 4: 23.9 fps bottleneck"
    assert summary.details["operations"] == pytest.approx(10.91e9, abs=5e6), "limits.md 4: 10.91 GOP"
    assert summary.details["layer_controllers"] == 48, "limits.md 1: 48 LCUs listed for 3 clusters"
    assert summary.details["checks"]["checksum"] == "XXH3 of the metadata agrees"
    borders = summary.details["context_borders"]
    assert {(each["direction"], each["connected"]) for each in borders} == {
        ("out", "model_context_1"),
        ("in", "model_context_0"),
    }
    assert any("cut off" in note for note in summary.notes)


def test_the_header_of_version_3_tells_the_length_to_the_byte(tmp_path: Path) -> None:
    head = VITS_HEAD.read_bytes()
    whole = head + bytes(2_316_368 - len(head))
    assert read_hef(save(tmp_path / "whole.hef", whole)).details["checks"]["length"] == "complete"
    with pytest.raises(InputError, match="cut off in its weights"):
        read_hef(save(tmp_path / "short.hef", whole[:-1]))


def test_one_altered_byte_is_found(tmp_path: Path) -> None:
    for path, kind in ((MNIST, "MD5"), (VITS_HEAD, "XXH3")):
        content = bytearray(path.read_bytes())
        content[5000] ^= 1
        with pytest.raises(InputError, match=f"the {kind} of its metadata is"):
            read_hef(save(tmp_path / path.name, bytes(content)))
