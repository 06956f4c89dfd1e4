"""The part of a HEF's protobuf that is read, as message descriptors made in code.

The vendor publishes the schema with its runtime (hailo-ai/hailort). The numbers below were taken from two real
files (DFC 3.27 for Hailo-8, DFC 5.3 for Hailo-10H), whose content agrees with what is recorded about them
(limits.md). Fields that are not listed here are skipped.
"""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory  # type: ignore[import-untyped]
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from tasnet2hef.base.errors import InputError

MOST_FIELDS: Final = 500_000
"""The real files hold 358 and 3,152; a field takes up to 700 bytes of memory, so more are refused."""

_PACKAGE: Final = "tasnet2hef"
_REPEATED: Final = "*"
_SCHEMA: Final[dict[str, dict[str, tuple[int, str]]]] = {
    "Hef": {"header": (1, "Header"), "network_groups": (2, "*NetworkGroup"), "extensions": (5, "*Extension")},
    "Header": {
        "hw_arch": (1, "uint32"),
        "timestamp_ms": (2, "uint64"),
        "sdk_version": (3, "string"),
        "sdk_numbers": (5, "Version"),
    },
    "Version": {"major": (1, "uint32"), "minor": (2, "uint32"), "revision": (3, "uint32")},
    "Extension": {"name": (2, "string")},
    "NetworkGroup": {
        "metadata": (1, "GroupMetadata"),
        "preliminary": (2, "Preliminary"),
        "contexts": (3, "*Context"),
        "sorted_outputs": (4, "*string"),
        "network_names": (6, "*string"),
    },
    "GroupMetadata": {
        "name": (1, "string"),
        "bottleneck_fps": (4, "double"),
        "latency_s": (6, "double"),
        "computational_ops": (8, "uint64"),
    },
    "Preliminary": {"operations": (1, "*Operation")},
    "Context": {"index": (1, "uint32"), "operations": (2, "*Operation"), "metadata": (3, "ContextMetadata")},
    "Operation": {"actions": (2, "*Action")},
    "Action": {"enable_lcu": (8, "Controller"), "switch_lcu_batch": (15, "Controller")},
    "Controller": {"lcu": (1, "uint32"), "cluster": (2, "uint32")},
    "ContextMetadata": {"edge_layers": (2, "*EdgeLayer")},
    "EdgeLayer": {"direction": (1, "uint32"), "layer": (3, "LayerEnd"), "link": (5, "Link")},
    "LayerEnd": {
        "name": (1, "string"),
        "base": (2, "Shape"),
        "numeric": (3, "Numeric"),
        "compiled_name": (4, "string"),
        "original_names": (5, "*string"),
    },
    "Shape": {
        "height": (1, "uint32"),
        "padded_height": (2, "uint32"),
        "width": (3, "uint32"),
        "padded_width": (4, "uint32"),
        "features": (5, "uint32"),
        "padded_features": (6, "uint32"),
        "bytes_per_buffer": (9, "uint32"),
        "buffers_per_frame": (10, "uint32"),
    },
    "Numeric": {
        "zero_point": (1, "float"),
        "scale": (2, "float"),
        "least": (3, "float"),
        "greatest": (4, "float"),
    },
    "Link": {"kind": (3, "uint32"), "connected_context": (5, "string")},
}


def parse(protobuf: bytes, where: str) -> Any:
    """Return a HEF's protobuf as a message.

    Raises:
        InputError: it is no protobuf of this schema, or holds more than `MOST_FIELDS` fields.
    """
    require_bounded(protobuf, where)
    message = message_class()()
    try:
        message.ParseFromString(protobuf)
    except (DecodeError, RuntimeError, SystemError, ValueError) as error:  # SystemError: protobuf 3.20
        raise InputError(f"{where}: its metadata is no readable protobuf ({error}); the file is damaged") from None
    return message


def require_bounded(protobuf: bytes, where: str) -> None:
    """Check a protobuf's fields without storing them.

    Raises:
        InputError: a field that is cut short, of an unknown kind or no UTF-8, or more than `MOST_FIELDS` fields.
    """
    layouts = _layouts()
    place, end, layout = 0, len(protobuf), layouts["Hef"]
    outer: list[tuple[int, dict[int, str]]] = []
    fields = 0
    while True:
        while place == end:
            if not outer:
                return
            end, layout = outer.pop()
        fields += 1
        if fields > MOST_FIELDS:
            raise InputError(f"{where}: its metadata holds more than {MOST_FIELDS:,} fields; the file is damaged")
        tag, place = _varint(protobuf, place, end, where)
        size, place = _size(protobuf, place, end, tag & 7, where)
        kind = layout.get(tag >> 3, "") if tag & 7 == 2 else ""
        if kind == "string":
            _require_text(protobuf, place, size, where)
        inner = layouts.get(kind)
        if inner is None:
            place += size
        else:
            outer.append((end, layout))
            end, layout = place + size, inner


def _varint(protobuf: bytes, place: int, end: int, where: str) -> tuple[int, int]:
    value = 0
    for shift in range(0, 70, 7):
        if place >= end:
            break
        byte = protobuf[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
    raise _damaged(place, where)


def _size(protobuf: bytes, place: int, end: int, kind: int, where: str) -> tuple[int, int]:
    """Return how many bytes a field's value takes, and where it starts."""
    if kind == 0:
        return 0, _varint(protobuf, place, end, where)[1]
    if kind == 2:
        size, place = _varint(protobuf, place, end, where)
    elif kind in (1, 5):
        size = 8 if kind == 1 else 4
    else:
        raise _damaged(place, where)
    if size > end - place:
        raise _damaged(place, where)
    return size, place


def _require_text(protobuf: bytes, place: int, size: int, where: str) -> None:
    """Refuse text that is not UTF-8 here: protobuf 3.20 would print lines of its own."""
    try:
        protobuf[place : place + size].decode()
    except UnicodeDecodeError:
        raise InputError(
            f"{where}: its metadata holds a name that is no UTF-8, at byte {place:,} of the protobuf; "
            "the file is damaged"
        ) from None


def _damaged(place: int, where: str) -> InputError:
    return InputError(f"{where}: its metadata breaks off at byte {place:,} of the protobuf; the file is damaged")


@cache
def _layouts() -> dict[str, dict[int, str]]:
    """Return each message's fields by number."""
    return {
        name: {number: kind.lstrip(_REPEATED) for number, kind in fields.values()}
        for name, fields in _SCHEMA.items()
    }


@cache
def message_class() -> Any:
    """Return the class of the outermost message, created once."""
    pool = descriptor_pool.DescriptorPool()
    pool.Add(_file_descriptor())
    descriptor = pool.FindMessageTypeByName(f"{_PACKAGE}.Hef")
    if hasattr(message_factory, "GetMessageClass"):  # protobuf 4.22 and later
        return message_factory.GetMessageClass(descriptor)
    return message_factory.MessageFactory(pool).GetPrototype(descriptor)


def _file_descriptor() -> Any:
    file = descriptor_pb2.FileDescriptorProto(name="tasnet2hef_hef.proto", package=_PACKAGE, syntax="proto3")
    for name, fields in _SCHEMA.items():
        message = file.message_type.add(name=name)
        for field_name, (number, kind) in fields.items():
            _add_field(message, field_name, number, kind)
    return file


def _add_field(message: Any, name: str, number: int, kind: str) -> None:
    types = descriptor_pb2.FieldDescriptorProto
    field = message.field.add(name=name, number=number)
    field.label = types.LABEL_REPEATED if kind.startswith(_REPEATED) else types.LABEL_OPTIONAL
    plain = kind.lstrip(_REPEATED)
    if plain in _SCHEMA:
        field.type, field.type_name = types.TYPE_MESSAGE, f".{_PACKAGE}.{plain}"
    else:
        field.type = types.Type.Value(f"TYPE_{plain.upper()}")
