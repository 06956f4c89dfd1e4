"""Pad: `external_pad` for zeros around height and width."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder, Unsupported
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.kernel_window import external_pad
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("Pad")
def convert_pad(node: OnnxNode, build: Builder) -> None:
    """Convert zero padding of rows and columns; other modes and values are refused, as recorded."""
    mode = node.text("mode", "constant")
    if mode != "constant":
        raise Unsupported(f"Pad of mode {mode}; only zeros can be padded")
    source = build.value(node.inputs[0])
    pads = _pads(node, len(source.layout))
    if not any(before or after for before, after in pads.values()):
        build.alias(node, source)
        return
    letters = {source.letter(axis): ends for axis, ends in pads.items() if any(ends)}
    if not set(letters) <= {"H", "W"} or any(min(ends) < 0 for ends in letters.values()):
        raise Unsupported(f"Pad {letters} of a tensor with axes {source.layout}; height and width can be padded")
    if _fill(node) != 0:
        raise Unsupported(f"Pad with {_fill(node)}; only zeros can be padded")
    zero = (0, 0)
    value = external_pad(node, build, source, (letters.get("H", zero), letters.get("W", zero)))
    build.bind(node.outputs[0], value)


def _pads(node: OnnxNode, rank: int) -> dict[int, tuple[int, int]]:
    pads = node.integers("pads") or node.integer_values(1)
    if pads is None:
        raise Unsupported("Pad by amounts that are not constant")
    axes = tuple(range(rank))
    if node.has_input(3):
        chosen = node.integer_values(3)
        if chosen is None:
            raise Unsupported("Pad over axes that are not constant")
        axes = chosen
    if len(pads) != 2 * len(axes):
        raise Unsupported(f"Pad by {list(pads)} for {len(axes)} axes")
    return {axis: (pads[i], pads[i + len(axes)]) for i, axis in enumerate(axes)}


def _fill(node: OnnxNode) -> float:
    values = node.values(2)
    return float(values[0]) if values else node.number("value", 0.0)
