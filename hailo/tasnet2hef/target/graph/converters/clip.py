"""Clip: `relu` and `relu6` where the ends say so, else `clip`."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("Clip")
def convert_clip(node: OnnxNode, build: Builder) -> None:
    """Convert a clamp to constant ends (attributes before opset 11, inputs since)."""
    low, high = _end(node, 1, "min"), _end(node, 2, "max")
    source = build.value(node.inputs[0])
    if low == 0 and high is None:
        build.activate(node, source, "relu")
    elif low == 0 and high == 6:
        build.activate(node, source, "relu6")
    else:
        ends = {name: end for name, end in (("clip_min", low), ("clip_max", high)) if end is not None}
        build.activate(node, source, "clip", ends)


def _end(node: OnnxNode, position: int, name: str) -> float | None:
    given = node.values(position)
    if given:
        return float(given[0])
    return None if node.attribute(name) is None else node.number(name, 0.0)
