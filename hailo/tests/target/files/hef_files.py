"""The real HEF files, and made-up ones of every header version. NOT MADE BY A COMPILER: they hold no network."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import xxhash

from tasnet2hef.base.errors import InputError
from tasnet2hef.target.files.hef_schema import message_class
from tests.target.graph.conftest import EVIDENCE

HEF_EVIDENCE = EVIDENCE / "hef"
MNIST = HEF_EVIDENCE / "mnist_hailo8_dfc3.27.hef"
VITS_HEAD = HEF_EVIDENCE / "vits_decoder_tall_hailo10h_dfc5.3.hef.head"
needs_hefs = pytest.mark.skipif(not MNIST.is_file(), reason=f"the real HEF files are not at {HEF_EVIDENCE}")
WEIGHTS = b"\x5a" * 100


def small_message() -> Any:
    """One context, one input, one output, three layer controllers."""
    message = message_class()()
    message.header.hw_arch = 1
    message.header.sdk_version = "3.33.1"
    message.header.timestamp_ms = 1_700_000_000_000
    group = message.network_groups.add()
    group.metadata.name = "net"
    group.metadata.bottleneck_fps = 250.0
    group.metadata.latency_s = 0.004
    group.sorted_outputs.extend(["net/second", "net/first"])
    actions = group.preliminary.operations.add().actions
    for lcu in (0, 1, 1, 2):
        actions.add().enable_lcu.lcu = lcu
    context = group.contexts.add()
    add_stream(context, "net/input_layer1", 0)
    add_stream(context, "net/first", 1)
    add_stream(context, "net/second", 1)
    return message


def add_stream(context: Any, name: str, direction: int) -> Any:
    edge = context.metadata.edge_layers.add()
    edge.direction = direction
    base = edge.layer.base
    base.height, base.width, base.features = 10, 1, 16
    base.padded_height, base.padded_width, base.padded_features = 10, 8, 16
    base.bytes_per_buffer, base.buffers_per_frame = 128, 10
    edge.layer.name = name
    edge.layer.numeric.scale = 0.5
    edge.layer.numeric.zero_point = 3.0
    edge.layer.numeric.least = -1.5
    edge.layer.numeric.greatest = 126.0
    edge.layer.original_names.extend([f"/{name}/Conv", f"/{name}/LeakyRelu"])
    return edge


def hef_bytes(protobuf: bytes, version: int = 0) -> bytes:
    """Put a header in front of a protobuf, and weights behind where that version keeps them there."""
    common = b"\x01HEF" + struct.pack(">II", version, len(protobuf))
    if version == 0:
        return common + bytes(4) + hashlib.md5(protobuf).digest() + protobuf
    if version == 3:
        sizes = struct.pack(">QQIQ", 0, len(WEIGHTS), 0, 0)
        return common + sizes + struct.pack(">QQ", xxhash.xxh3_64_intdigest(protobuf), 0) + protobuf + WEIGHTS
    return common + bytes({1: 16, 2: 32}[version]) + protobuf + WEIGHTS


def save(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def save_small(path: Path, change: Callable[[Any], object] = lambda message: None, version: int = 0) -> Path:
    message = small_message()
    change(message)
    return save(path, hef_bytes(message.SerializeToString(), version))


def refusal_of(read: Callable[[Path], object], path: Path) -> str:
    """Return the one line that refuses a file; empty when it is read."""
    try:
        read(path)
    except InputError as error:
        return str(error)
    return ""
