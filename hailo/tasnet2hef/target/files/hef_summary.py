"""What a HEF's metadata means, once it is a message."""

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

CHIPS: Final = {0: "hailo8", 1: "hailo8", 2: "hailo8r", 3: "hailo8l", 103: "hailo10h"}
"""``header.hw_arch``. 1 and 103 are recorded (limits.md, section 10), the others inferred.

103 is called HAILO1XH there: a file for hailo15h may bear it too [inferred].
"""
_RECORDED_CHIPS: Final = (1, 103)
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
    def is_border(self) -> bool:
        """Tell whether it joins two parts of the net; inputs and outputs of the net don't."""
        return bool(self.message.link.kind)

    @property
    def is_read(self) -> bool:
        """Tell whether it is one stream; several in one are of another kind."""
        return bool(self.message.HasField("layer"))

    @property
    def end(self) -> Port:
        return _end(self.message.layer)


def summarise(
    message: Any, file: Path, size: int, header: HefHeader, start: int, checks: Mapping[str, str]
) -> FileSummary:
    """Put a HEF's metadata into words; ``start`` is where its protobuf starts.

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
    ends = [edge for edge in edges if edge.is_read and not edge.is_border]
    order = {name: place for place, name in enumerate(n for group in groups for n in group.sorted_outputs)}
    outputs = [edge.end for edge in ends if edge.is_output]
    metadata = groups[0].metadata
    latency_s = finite(metadata.latency_s)
    return FileSummary(
        path=file,
        format="hef",
        size_bytes=size,
        axes="height, width, features",
        inputs=tuple(edge.end for edge in ends if not edge.is_output),
        outputs=tuple(sorted(outputs, key=lambda end: order.get(end.name, len(order)))),
        header_version=header.version,
        compiler_version=_compiler_version(message.header),
        hw_arch=CHIPS.get(message.header.hw_arch),
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
            "fused_layers": _fused_at_ends(edge.end for edge in edges if edge.is_read),
            "context_borders": [_border(edge) for edge in edges if edge.is_read and edge.is_border],
        },
        notes=tuple(_notes(message, header, start, edges, checks)),
    )


def _end(layer: Any) -> Port:
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
    """Return the bytes of a row; a buffer is one where there are as many as rows, or their number isn't set."""
    is_row = base.buffers_per_frame in (0, base.padded_height)
    return base.bytes_per_buffer or None if is_row else None


def _fused_at_ends(ends: Iterable[Port]) -> list[dict[str, Any]]:
    """Return the fused layers that read or write a stream; of the others a HEF names nothing."""
    return [fused_layer(end.layer or end.name, end.original_names) for end in ends if len(end.original_names) > 1]


def _border(edge: _Edge) -> dict[str, Any]:
    link = edge.message.link
    return {
        "context": edge.context,
        "direction": "out" if edge.is_output else "in",
        "connected": link.connected_context if link.kind == _ANOTHER_CONTEXT else f"kind {link.kind}",
        **edge.end.to_json(),
    }


def _controllers(groups: Iterable[Any]) -> int:
    """Count the layer controllers that are set up: one for each compiled layer of a context (limits.md, 2)."""
    found = set()
    for group in groups:
        lists = [group.preliminary.operations, *(context.operations for context in group.contexts)]
        for action in (action for operations in lists for step in operations for action in step.actions):
            for kind in ("enable_lcu", "switch_lcu_batch"):
                if action.HasField(kind):
                    controller = getattr(action, kind)
                    found.add((controller.cluster, controller.lcu))
    return len(found)


def _compiler_version(header: Any) -> str | None:
    """Return the version: text up to 3.x, numbers as well from 5.x on (limits.md, section 10)."""
    told = re.search(r"\d+\.\d+\.\d+", header.sdk_version)
    if told is not None:
        return told[0]
    numbers = header.sdk_numbers
    return f"{numbers.major}.{numbers.minor}.{numbers.revision}" if header.HasField("sdk_numbers") else None


def _moment(milliseconds: int) -> str | None:
    try:
        made = datetime.fromtimestamp(milliseconds / 1000, tz=timezone.utc)
    except (OverflowError, ValueError, OSError):
        return None
    return made.isoformat(timespec="seconds") if milliseconds else None


def _notes(
    message: Any, header: HefHeader, start: int, edges: list[_Edge], checks: Mapping[str, str]
) -> Iterator[str]:
    yield from (f"{name}: {found}" for name, found in checks.items() if not found.endswith(("agrees", "complete")))
    if len(header.starts) > 1:
        yield f"header version {header.version}: the metadata was found at byte {start} by trial [inferred]"
    chip = message.header.hw_arch
    if chip not in CHIPS:
        yield f"chip number {chip} is not known"
    elif chip not in _RECORDED_CHIPS:
        yield f"chip number {chip} is taken for {CHIPS[chip]} [inferred]"
    if not any(len(group.contexts) for group in message.network_groups):
        yield "it names no context where this reader looks; files for a part of a chip may keep them elsewhere"
    unread = sum(not edge.is_read for edge in edges)
    if unread:
        yield f"{unread} ends are of a kind that isn't read (several streams in one)"
    if len(message.network_groups) > 1:
        yield "it holds several network groups: rate, latency and operations are those of the first"
