"""HARs as they are inferred to be, made here: what is read, what is refused, what is never written."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tasnet2hef.base.errors import InputError
from tasnet2hef.target.files.formats import read_file
from tasnet2hef.target.files.har import MOST_MEMBERS, read_har
from tests.target.files.hef_files import refusal_of

HN: dict[str, Any] = {
    "name": "net",
    "layers": {
        "net/input_layer1": {
            "type": "input_layer",
            "output_shapes": [[-1, 10, 1, 8]],
            "original_names": ["frames"],
        },
        "net/conv1": {
            "type": "conv",
            "output_shapes": [[-1, 10, 1, 4]],
            "original_names": ["/Conv", "/LeakyRelu"],
        },
        "net/output_layer1": {
            "type": "output_layer",
            "output_shapes": [[-1, 10, 1, 4]],
            "original_names": ["out"],
        },
    },
}
SAID = {"state": "quantized_model", "hw_arch": "hailo8l", "sdk_version": "3.33.0"}


def save_har(path: Path, members: dict[str, bytes], mode: str = "w") -> Path:
    with tarfile.open(path, mode) as tar:  # type: ignore[call-overload]
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def members_of(hn: Any = HN, metadata: Any = SAID) -> dict[str, bytes]:
    return {
        "net.native.hn": json.dumps({"name": "native", "layers": {}}).encode(),
        "net.hn": json.dumps(hn).encode(),
        "net.npz": bytes(3000),
        ".metadata.json": json.dumps(metadata).encode(),
    }


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_a_har_is_read_in_place(tmp_path: Path, mode: str) -> None:
    summary = read_file(save_har(tmp_path / "net.har", members_of(), mode))
    assert (summary.format, summary.compiler_version, summary.hw_arch) == ("har", "3.33.0", "hailo8l")
    assert summary.details["state"] == "quantized_model"
    assert summary.details["name"] == "net", "the latest layers, not the native ones"
    assert summary.details["layers"] == {"input_layer": 1, "conv": 1, "output_layer": 1}
    assert [(end.name, end.shape) for end in summary.inputs] == [("net/input_layer1", (None, 10, 1, 8))]
    assert summary.outputs[0].original_names == ("out",)
    assert summary.details["fused_layers"] == [{"layer": "net/conv1", "original_names": ["/Conv", "/LeakyRelu"]}]
    assert any("[inferred]" in note for note in summary.notes)
    assert [path.name for path in tmp_path.iterdir()] == ["net.har"], "nothing is unpacked"


def test_the_layers_of_a_real_parse(tmp_path: Path, evidence: Path) -> None:
    hn = json.loads((evidence / "seed_wide_dfc3.33_parsed.json").read_text())["hn_model"]
    summary = read_har(save_har(tmp_path / "net.har", members_of(hn)))
    assert sum(summary.details["layers"].values()) == len(hn["layers"]) == 1179
    assert [end.shape for end in summary.inputs] == [(None, 1, 16000, 1)]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"net.npz": b"x"}, "1 members and no layers"),
        ({"net.hn": b"{"}, "'net.hn': found no JSON"),
        ({"net.hn": b"[" * 100_000}, "'net.hn': found more than 64 levels"),
        ({"net.hn": b"[]"}, "found a list of 0, expected an object"),
        ({"net.hn": b'{"layers": [1]}'}, "names no layers"),
        ({"net.hn": b'{"layers": {"a": 1}}'}, "names no layers"),
        ({f"{number}.npz": b"" for number in range(MOST_MEMBERS + 1)}, "more than 1,000 members"),
    ],
)
def test_archives_that_are_no_hars(tmp_path: Path, members: dict[str, bytes], words: str) -> None:
    with pytest.raises(InputError, match=words):
        read_har(save_har(tmp_path / "a.har", members))


def test_layers_of_odd_kinds_are_borne(tmp_path: Path) -> None:
    layers = {
        "a": {"type": "input_layer", "output_shapes": "no", "original_names": 3},
        "b": {"type": ["conv"], "output_shapes": [[True, "x", None, 4]]},
        "c": {"type": "output_layer", "output_shapes": [[-1, 1e9, 3]], "original_names": [1, None]},
    }
    summary = read_har(save_har(tmp_path / "a.har", members_of({"name": 7, "layers": layers}, {"hw_arch": [1]})))
    assert (summary.hw_arch, summary.details["name"]) == (None, None)
    assert summary.inputs[0].shape == ()
    assert summary.outputs[0].original_names == ("1", "None")
    json.dumps(summary.to_json(), allow_nan=False)


@pytest.mark.slow
def test_a_packed_bomb_is_stopped(tmp_path: Path) -> None:
    bomb = tmp_path / "a.har"
    member = tarfile.TarInfo("net.npz")
    member.size = 1 << 28
    with gzip.open(bomb, "wb", compresslevel=1) as packed:
        packed.write(member.tobuf())
        for _ in range(256):
            packed.write(bytes(1 << 20))
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="it unpacks to more than"):
            read_har(bomb)
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_member_that_claims_too_much(tmp_path: Path, kind: bytes) -> None:
    member = tarfile.TarInfo("net.hn")
    member.size, member.type = 1 << 60, kind
    path = tmp_path / "a.har"
    path.write_bytes(member.tobuf(tarfile.GNU_FORMAT) + bytes(2048))
    with pytest.raises(InputError):
        read_har(path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(["w", "w:gz"]), st.integers(0, 10**6), st.lists(st.integers(0, 255), max_size=6))
def test_damage_is_one_line(tmp_path: Path, mode: str, place: int, values: list[int]) -> None:
    content = bytearray(save_har(tmp_path / "a.har", members_of(), mode).read_bytes())
    start = place % len(content)
    content[start : start + len(values)] = bytes(values)
    damaged = tmp_path / "b.har"
    damaged.write_bytes(bytes(content if values else content[:start]) or b"x")
    refused = refusal_of(read_har, damaged)
    assert "\n" not in refused
    assert not refused or refused.startswith(str(damaged))


def test_a_long_name_that_is_no_name(tmp_path: Path) -> None:
    path = tmp_path / "net.har"
    for kind in (tarfile.XHDTYPE, tarfile.GNUTYPE_LONGNAME):
        header = tarfile.TarInfo("name")
        header.type, header.size = kind, 1 << 20
        path.write_bytes(gzip.compress(header.tobuf() + b"9" * header.size))
        with pytest.raises(InputError, match="a header of 1,048,576 bytes"):
            read_har(path)
