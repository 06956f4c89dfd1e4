"""Made-up HEFs of every header version: what is read of them, and what is refused."""

from __future__ import annotations

import json
import struct
import sys
from pathlib import Path
from typing import Any

import pytest

from tasnet2hef.base.errors import InputError
from tasnet2hef.target.files.hef import read_hef
from tests.target.files.hef_files import add_stream, hef_bytes, save, save_small, small_message


@pytest.mark.parametrize("version", [0, 1, 2, 3])
def test_every_header_version(tmp_path: Path, version: int) -> None:
    summary = read_hef(save_small(tmp_path / "a.hef", version=version))
    assert (summary.header_version, summary.compiler_version, summary.hw_arch) == (version, "3.33.1", "hailo8")
    assert (summary.contexts, summary.fps, summary.latency_ms) == (1, 250.0, 4.0)
    assert [end.name for end in summary.inputs] == ["net/input_layer1"]
    assert [end.name for end in summary.outputs] == ["net/second", "net/first"], "in the file's own order"
    end = summary.inputs[0]
    assert (end.shape, end.padded_shape, end.row_bytes) == ((10, 1, 16), (10, 8, 16), 128)
    assert (end.scale, end.zero_point, end.value_range) == (0.5, 3.0, (-1.5, 126.0))
    assert end.original_names == ("/net/input_layer1/Conv", "/net/input_layer1/LeakyRelu")
    assert summary.details["layer_controllers"] == 3, "one that is set up twice counts once"
    assert summary.details["made_at"] == "2023-11-14T22:13:20+00:00"
    checked = summary.details["checks"]["checksum"]
    assert checked.endswith("agrees") if version in (0, 3) else checked.startswith("not checked")


def test_where_version_1_keeps_its_protobuf_is_found_by_trial(tmp_path: Path) -> None:
    summary = read_hef(save_small(tmp_path / "a.hef", version=1))
    assert any("found at byte 28 by trial [inferred]" in note for note in summary.notes)
    content = b"\x01HEF" + struct.pack(">II", 1, 40) + bytes(80)
    with pytest.raises(InputError, match="its metadata was not found after its header of version 1"):
        read_hef(save(tmp_path / "b.hef", content))


@pytest.mark.parametrize("version", [0, 3])
def test_an_altered_checksum(tmp_path: Path, version: int) -> None:
    protobuf = small_message().SerializeToString()
    content = bytearray(hef_bytes(protobuf, version))
    content[31 if version == 0 else 47] ^= 1
    path = save(tmp_path / "a.hef", bytes(content))
    with pytest.raises(InputError, match=r"of its metadata is .*, expected .* by its header"):
        read_hef(path)
    assert any("altered" in note for note in read_hef(path, damaged=True).notes)


def test_without_xxhash_the_check_is_reported_as_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save_small(tmp_path / "a.hef", version=3)
    monkeypatch.setitem(sys.modules, "xxhash", None)
    assert "checksum: not checked: the package xxhash is not installed" in read_hef(path).notes


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x01HE", "not a HEF: it starts with 01 48 45, expected 01 48 45 46"),
        (b"plain text, no HEF", "not a HEF: it starts with 70 6c 61 69"),
        (b"\x01HEF\x00", "cut off in the header: 5 bytes"),
        (b"\x01HEF" + struct.pack(">II", 4, 10) + bytes(60), "found header version 4, expected 0 to 3"),
        (b"\x01HEF" + struct.pack(">II", 0, 0) + bytes(60), "claims 0 bytes of metadata"),
        (b"\x01HEF" + struct.pack(">II", 0, 2**32 - 1) + bytes(60), "claims 4,294,967,295 bytes of metadata"),
        (b"\x01HEF" + struct.pack(">II", 0, 1000) + bytes(60), "cut off in its metadata: 72 bytes, expected"),
    ],
)
def test_headers_that_are_refused(tmp_path: Path, content: bytes, words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_hef(save(tmp_path / "a.hef", content))


def test_sizes_beyond_reason(tmp_path: Path) -> None:
    content = bytearray(hef_bytes(small_message().SerializeToString(), 3))
    content[20:28] = struct.pack(">Q", 2**60)
    with pytest.raises(InputError, match=r"cut off in its weights: .* expected at least 1,152,9"):
        read_hef(save(tmp_path / "a.hef", bytes(content)))


def test_more_bytes_than_the_header_gives_are_reported(tmp_path: Path) -> None:
    path = save_small(tmp_path / "a.hef")
    path.write_bytes(path.read_bytes() + b"more")
    assert "length: 4 bytes more than its header says" in read_hef(path).notes


def _nothing(message: Any) -> None:
    message.ClearField("network_groups")


def _no_context(message: Any) -> None:
    message.network_groups[0].ClearField("contexts")


def _several_streams_in_one(message: Any) -> None:
    message.network_groups[0].contexts[0].metadata.edge_layers.add()


def _two_groups(message: Any) -> None:
    message.network_groups.add().metadata.name = "other"


def _unknown_chip(message: Any) -> None:
    message.header.hw_arch = 777


def _inferred_chip(message: Any) -> None:
    message.header.hw_arch = 3


def _shared_chip(message: Any) -> None:
    message.header.hw_arch, message.header.sdk_version = 103, "5.3.0"


@pytest.mark.parametrize(
    ("number", "compiler", "chip"),
    [
        (1, "3.33.1", "hailo8"),
        (4, "3.33.1", "hailo15m"),
        (5, "3.31.0", "hailo10h"),
        (6, "5.1.0", "hailo15l"),
        (103, "3.31.0", "hailo15h"),
        (103, "5.3.0", "hailo10h"),
        (777, "5.3.0", None),
    ],
)
def test_the_chip_by_its_number(tmp_path: Path, number: int, compiler: str, chip: str | None) -> None:
    def change(message: Any) -> None:
        message.header.hw_arch, message.header.sdk_version = number, compiler

    assert read_hef(save_small(tmp_path / "a.hef", change)).hw_arch == chip


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (_no_context, "names no context where this reader looks"),
        (_several_streams_in_one, "1 ends are of a kind that isn't read"),
        (_two_groups, "several network groups"),
        (_unknown_chip, "chip number 777 is not known"),
        (_inferred_chip, "chip number 3 is assumed to be hailo8l [inferred]"),
        (_shared_chip, "chip number 103 of a 5.x compiler stands for hailo10h and for hailo15h"),
    ],
)
def test_what_is_not_known_is_noted(tmp_path: Path, change: Any, note: str) -> None:
    assert any(note in notes for notes in read_hef(save_small(tmp_path / "a.hef", change)).notes)


def test_a_file_without_a_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="names no network"):
        read_hef(save_small(tmp_path / "a.hef", _nothing))


def test_borders_between_contexts_are_no_inputs(tmp_path: Path) -> None:
    def change(message: Any) -> None:
        edge = add_stream(message.network_groups[0].contexts[0], "net/between", 1)
        edge.link.kind, edge.link.connected_context = 1, "context_1"

    summary = read_hef(save_small(tmp_path / "a.hef", change))
    assert [end.name for end in summary.outputs] == ["net/second", "net/first"]
    (border,) = summary.details["context_borders"]
    assert (border["direction"], border["connected"], border["name"]) == ("out", "context_1", "net/between")


def test_numbers_that_are_none_stay_out_of_the_json(tmp_path: Path) -> None:
    def change(message: Any) -> None:
        group = message.network_groups[0]
        group.metadata.bottleneck_fps = float("inf")
        group.metadata.latency_s = 1e308
        message.header.timestamp_ms = 2**64 - 1
        numeric = group.contexts[0].metadata.edge_layers[0].layer.numeric
        numeric.scale = numeric.zero_point = numeric.least = float("nan")

    summary = read_hef(save_small(tmp_path / "a.hef", change))
    json.dumps(summary.to_json(), allow_nan=False)
    assert (summary.fps, summary.latency_ms, summary.details["made_at"]) == (None, None, None)
    end = summary.inputs[0]
    assert (end.scale, end.zero_point, end.value_range) == (None, None, None)


def test_the_version_may_be_numbers_alone(tmp_path: Path) -> None:
    def change(message: Any) -> None:
        message.header.sdk_version = ""
        message.header.sdk_numbers.major, message.header.sdk_numbers.minor = 5, 4

    assert read_hef(save_small(tmp_path / "a.hef", change)).compiler_version == "5.4.0"
