"""Turns the metadata of a HEF, parsed into a message, into a summary."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Final

from tasnet2hef.base.errors import InputError
from tasnet2hef.target.files.file_summary import FileSummary, Port, finite, fused_layer
from tasnet2hef.target.files.hef_header import HefHeader

CHIPS: Final = {
    0: "hailo8",
    1: "hailo8",
    2: "hailo8r",
    3: "hailo8l",
    4: "hailo15m",
    5: "hailo10h",
    6: "hailo15l",
    103: "hailo15h",
}
"""``header.hw_arch``: 1 and 103 are in real files, 4 to 6 and 103 in ``hef.proto`` of HailoRT 4.23, the others
inferred.
"""
_KNOWN_CHIPS: Final = (1, 4, 5, 6, 103)
_1XH: Final = 103
"""HAILO15H in HailoRT 4.x; HAILO1XH in 5.x, whose compilers give it to programs for hailo10h and hailo15h."""
_OUTPUT: Final = 1
_ANOTHER_CONTEXT: Final = 1


@dataclass(frozen=True)
class _Edge:
    """A stream in or out of a context."""

    context: int
    message: Any

    @property
    def is_output(self) -> bool:
        return bool(self.message.direction == _OUTPUT)

    @property
    def crosses_contexts(self) -> bool:
        """Return whether it leads to another context; inputs and outputs of the net don't."""
        return bool(self.message.link.kind)

    @property
    def is_read(self) -> bool:
        """Return whether it is a single stream; several multiplexed into one are of another kind."""
        return bool(self.message.HasField("layer"))

    @property
    def port(self) -> Port:
        return _port(self.message.layer)


def summarise(
    message: Any, file: Path, size: int, header: HefHeader, start: int, checks: Mapping[str, str]
) -> FileSummary:
    """Return the summary of a HEF's metadata; ``start`` is where its protobuf starts.

    Raises:
        InputError: it names no network.
    """
    groups = message.network_groups
    if not groups:
        raise InputError(f"{file}: its metadata names no network, expected one or more; the file is damaged")
    edges = [
        _Edge(context.index, edge)
        for group in groups
        for context in group.contexts
        for edge in context.metadata.edge_layers
    ]
    net_edges = [edge for edge in edges if edge.is_read and not edge.crosses_contexts]
    order = {name: rank for rank, name in enumerate(n for group in groups for n in group.sorted_outputs)}
    outputs = [edge.port for edge in net_edges if edge.is_output]
    metadata = groups[0].metadata
    latency_s = finite(metadata.latency_s)
    return FileSummary(
        path=file,
        format="hef",
        size_bytes=size,
        axes="height, width, features",
        inputs=tuple(edge.port for edge in net_edges if not edge.is_output),
        outputs=tuple(sorted(outputs, key=lambda port: order.get(port.name, len(order)))),
        header_version=header.version,
        compiler_version=_compiler_version(message.header),
        hw_arch=_chip(message.header),
        contexts=sum(len(group.contexts) for group in groups) or None,
        fps=finite(metadata.bottleneck_fps) or None,
        latency_ms=finite(1000 * latency_s) if latency_s else None,
        details={
            "networks": [group.metadata.name for group in groups],
            "made_at": _moment(message.header.timestamp_ms),
            "compiler": message.header.sdk_version or None,
            "checks": dict(checks),
            "operations": metadata.computational_ops or None,
            "layer_controllers": _controllers(groups) or None,
            "extensions": [each.name for each in message.extensions],
            "fused_layers": _fused_layers(edge.port for edge in edges if edge.is_read),
            "context_borders": [_context_stream(edge) for edge in edges if edge.is_read and edge.crosses_contexts],
        },
        notes=tuple(_notes(message, header, start, edges, checks)),
    )


def _port(layer: Any) -> Port:
    base, numeric = layer.base, layer.numeric
    quantised = layer.HasField("numeric")
    least, greatest = finite(numeric.least), finite(numeric.greatest)
    return Port(
        name=layer.name,
        shape=(base.height, base.width, base.features),
        padded_shape=(base.padded_height, base.padded_width, base.padded_features),
        row_bytes=_row_bytes(base),
        scale=finite(numeric.scale) if quantised else None,
        zero_point=finite(numeric.zero_point) if quantised else None,
        value_range=None if not quantised or least is None or greatest is None else (least, greatest),
        layer=layer.compiled_name or None,
        original_names=tuple(layer.original_names),
    )


def _row_bytes(base: Any) -> int | None:
    """Return the bytes of a row: of a buffer where there is one per row, or where their number isn't set."""
    is_row = base.buffers_per_frame in (0, base.padded_height)
    return base.bytes_per_buffer or None if is_row else None


def _fused_layers(ports: Iterable[Port]) -> list[dict[str, Any]]:
    """Return the fused layers that read or write a stream; a HEF does not name the others."""
    return [
        fused_layer(port.layer or port.name, port.original_names) for port in ports if len(port.original_names) > 1
    ]


def _context_stream(edge: _Edge) -> dict[str, Any]:
    link = edge.message.link
    return {
        "context": edge.context,
        "direction": "out" if edge.is_output else "in",
        "connected": link.connected_context if link.kind == _ANOTHER_CONTEXT else f"kind {link.kind}",
        **edge.port.to_json(),
    }


def _controllers(groups: Iterable[Any]) -> int:
    """Count the layer controllers in use: one for each compiled layer of a context (limits.md, 2)."""
    controllers = set()
    for group in groups:
        lists = [group.preliminary.operations, *(context.operations for context in group.contexts)]
        for action in (action for operations in lists for step in operations for action in step.actions):
            for kind in ("enable_lcu", "switch_lcu_batch"):
                if action.HasField(kind):
                    controller = getattr(action, kind)
                    controllers.add((controller.cluster, controller.lcu))
    return len(controllers)


def _chip(header: Any) -> str | None:
    return "hailo10h" if _is_of_two_chips(header) else CHIPS.get(header.hw_arch)


def _is_of_two_chips(header: Any) -> bool:
    version = _compiler_version(header)
    return header.hw_arch == _1XH and version is not None and int(version.partition(".")[0]) >= 5


def _compiler_version(header: Any) -> str | None:
    """Return the compiler's version: text up to 3.x, numbers as well from 5.x on (limits.md, section 10)."""
    match = re.search(r"\d+\.\d+\.\d+", header.sdk_version)
    if match is not None:
        return match[0]
    numbers = header.sdk_numbers
    return f"{numbers.major}.{numbers.minor}.{numbers.revision}" if header.HasField("sdk_numbers") else None


def _moment(milliseconds: int) -> str | None:
    try:
        moment = datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc)
    except (OverflowError, ValueError, OSError):
        return None
    return moment.isoformat(timespec="seconds") if milliseconds else None


def _notes(
    message: Any, header: HefHeader, start: int, edges: list[_Edge], checks: Mapping[str, str]
) -> Iterator[str]:
    passed = ("agrees", "complete")
    yield from (f"{name}: {result}" for name, result in checks.items() if not result.endswith(passed))
    if len(header.starts) > 1:
        yield f"header version {header.version}: the metadata was found at byte {start} by trial [inferred]"
    chip = message.header.hw_arch
    if chip not in CHIPS:
        yield f"chip number {chip} is not known"
    elif chip not in _KNOWN_CHIPS:
        yield f"chip number {chip} is assumed to be {CHIPS[chip]} [inferred]"
    elif _is_of_two_chips(message.header):
        yield "chip number 103 of a 5.x compiler stands for hailo10h and for hailo15h"
    if not any(len(group.contexts) for group in message.network_groups):
        yield "it names no context where this reader looks; files for a part of a chip may keep them elsewhere"
    unread = sum(not edge.is_read for edge in edges)
    if unread:
        yield f"{unread} ends are of a kind that isn't read (several streams in one)"
    if len(message.network_groups) > 1:
        yield "it holds several network groups: rate, latency and operations are those of the first"
