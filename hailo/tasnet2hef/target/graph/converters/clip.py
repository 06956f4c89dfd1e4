"""Clip: `relu` or `relu6` for their bounds, else `clip`."""

from __future__ import annotations

from tasnet2hef.target.graph.builder import Builder
from tasnet2hef.target.graph.converters.registry import converts
from tasnet2hef.target.graph.onnx_node import OnnxNode


@converts("Clip")
def convert_clip(node: OnnxNode, build: Builder) -> None:
    """Convert a clamp to constant bounds (attributes before opset 11, inputs since)."""
    low, high = _bound(node, 1, "min"), _bound(node, 2, "max")
    source = build.value(node.inputs[0])
    if low == 0 and high is None:
        build.activate(node, source, "relu")
    elif low == 0 and high == 6:
        build.activate(node, source, "relu6")
    else:
        bounds = {name: bound for name, bound in (("clip_min", low), ("clip_max", high)) if bound is not None}
        build.activate(node, source, "clip", bounds)


def _bound(node: OnnxNode, position: int, name: str) -> float | None:
    values = node.values(position)
    if values:
        return float(values[0])
    return None if node.attribute(name) is None else node.number(name, 0.0)
