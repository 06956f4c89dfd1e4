"""Rows that the allocator can't place: the compiler works row by row, and a row is width x features bytes."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.cost import FREE_TYPES
from tasnet2hef.target.graph.layers import Layer
from tasnet2hef.target.known.limits import (
    ROW_FAIL_BYTES,
    ROW_PASS_BYTES,
    ROW_SPLIT_COLUMNS,
    ROW_SPLIT_PASS_BYTES,
    ROW_WIDEST_PASS_BYTES,
)
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

_FEWEST_REFUSED_COLUMNS = 1000
"""Of all rows that were refused."""


def check(context: RuleContext) -> Iterable[Finding]:
    """Compare the widest row that each layer reads or writes (8 bits a value) with what passed and failed.

    Rows of few columns and many features, the tokens of a transformer, are split over the features and compile.
    """
    for layer in context.net:
        if layer.type in FREE_TYPES or _is_of_heads(context, layer):
            continue
        shapes = (layer.shape, *layer.input_shapes)
        shape = max(shapes, key=lambda each: (_is_refused(each), _is_suspect(each), _row_bytes(each)))
        row = (
            f"a row of {_row_bytes(shape):,} bytes ({shape[-2]} columns x {shape[-1]} features)"
            if len(shape) > 2
            else ""
        )
        if _is_refused(shape):
            yield RULE.finding(context, _refused(layer, row), layer=layer)
        elif _is_suspect(shape):
            yield RULE.finding(context, _between(layer, row, shape[-2]), layer=layer, level="warning", evidence=1)


def _is_of_heads(context: RuleContext, layer: Layer) -> bool:
    """Return whether a layer works head by head: attention-too-wide judges its tokens."""
    return bool(layer.onnx) and all(node.index in context.attention for node in layer.onnx)


def _is_refused(shape: tuple[int, ...]) -> bool:
    return _row_bytes(shape) >= ROW_FAIL_BYTES.value and shape[-2] >= _FEWEST_REFUSED_COLUMNS


def _is_suspect(shape: tuple[int, ...]) -> bool:
    many = len(shape) > 2 and shape[-2] > ROW_SPLIT_COLUMNS.value
    return _row_bytes(shape) > (ROW_PASS_BYTES if many else ROW_SPLIT_PASS_BYTES).value


def _row_bytes(shape: tuple[int, ...]) -> int:
    return shape[-2] * shape[-1] if len(shape) > 2 else 0


def _refused(layer: Layer, row: str) -> str:
    return (
        f"{layer.type} has {row}; rows of {int(ROW_FAIL_BYTES):,} bytes and more end in "
        f"'Agent infeasible' or 'Reshape is needed for layers', {int(ROW_PASS_BYTES):,} compiled"
    )


def _between(layer: Layer, row: str, columns: int) -> str:
    if columns <= ROW_SPLIT_COLUMNS.value:
        return (
            f"{layer.type} has {row}; of {int(ROW_SPLIT_COLUMNS)} columns and fewer, "
            f"{int(ROW_SPLIT_PASS_BYTES):,} bytes compiled"
        )
    return (
        f"{layer.type} has {row}; {int(ROW_PASS_BYTES):,} bytes compiled, {int(ROW_WIDEST_PASS_BYTES):,} once, "
        f"{int(ROW_FAIL_BYTES):,} never"
    )


def _wide() -> onnx.ModelProto:
    """Draw a 1x1 convolution over 2000 columns of 256 features: 512,000 bytes a row."""
    graph = GraphSketch()
    return graph.model(graph.conv(graph.input(1, 256, 1, 2000), 256, 256))


def _whisper() -> onnx.ModelProto:
    """Draw a 1x3 convolution to 512 features over 1000 columns: 512,000 bytes a row."""
    graph = GraphSketch()
    return graph.model(graph.conv(graph.input(1, 80, 1, 1000), 80, 512, (1, 3), pads=[0, 1, 0, 1]))


def _tokens() -> onnx.ModelProto:
    """Draw the dense layer of a vision transformer, 197 tokens of 768 to 3072 features, which compiled."""
    graph = GraphSketch()
    return graph.model(graph.node("MatMul", graph.input(1, 197, 768), graph.weight(768, 3072)))


def _compiled() -> onnx.ModelProto:
    """Draw a 1x1 convolution over 1024 columns of 256 features: 262,144 bytes, which compiled."""
    graph = GraphSketch()
    return graph.model(graph.conv(graph.input(1, 256, 1, 1024), 256, 256))


def _tall() -> onnx.ModelProto:
    """Draw the same convolution with time on height: rows of 256 bytes."""
    graph = GraphSketch()
    return graph.model(graph.conv(graph.input(1, 256, 2000, 1), 256, 256))


RULE = Rule(
    id="row-too-wide",
    title="A row (width x features) is wider than any that compiled.",
    level="error",
    stage="compile",
    evidence=(
        Evidence(
            source="Hearable-Dongle/signal-processing-research, hailo/; hailocs/hailo-whisper (base model over "
            "5 s)",
            grade="recorded",
            words="No successful assignments: conv2 errors: Agent infeasible\n"
            "Reshape is needed for layers: conv2, conv3, but adding a reshape has failed.",
            version="3.33.0; 3.31 and 5.x",
            hardware=("hailo8", "hailo8l", "hailo10h"),
        ),
        Evidence(
            source="hailocs/hailo-whisper (tiny model, 1000 x 384); Hearable-Dongle (1024 x 256)",
            grade="recorded",
            version="3.31, 3.33.0, 5.x",
        ),
    ),
    check=check,
    fix="put time on height (`--layout tall`), where a row holds the features of one frame; else a shorter "
    "window or fewer features",
    bad=(_wide, _whisper),
    good=(_compiled, _tall, _tokens),
)
