"""Bilinear resizes far up by a factor that is not whole."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

_RECORDED: Final = 30.0
"""Factor that failed: 17 to 513 is 30.2."""
_SUSPECT: Final = 8.0


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse a half-pixel resize whose program grows with the steps between source pixels."""
    for node in context.nodes("Resize"):
        before, after = node.input_shapes[0], node.output_shapes[0]
        mode = node.text("coordinate_transformation_mode", "half_pixel")
        if node.text("mode", "nearest") != "linear" or "half_pixel" not in mode or not before or not after:
            continue
        factors = [new / old for old, new in zip(before[2:], after[2:], strict=True) if old]
        worst = max((factor for factor in factors if factor % 1), default=0.0)
        if worst >= _SUSPECT:
            message = (
                f"a bilinear resize {list(before[2:])} -> {list(after[2:])}, {worst:.1f} times with half pixels "
                "('microcode exceeded size')"
            )
            yield RULE.finding(context, message, node=node, evidence=0 if worst >= _RECORDED else 1)


def _resized(size: int, mode: str) -> onnx.ModelProto:
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 19, 17, 17), 19, 19)
    sizes = graph.integers(1, 19, size, size)
    return graph.model(
        graph.node("Resize", source, "", "", sizes, mode="linear", coordinate_transformation_mode=mode)
    )


def _far() -> onnx.ModelProto:
    """Draw a resize from 17 to 513 pixels with half pixels."""
    return _resized(513, "half_pixel")


def _aligned() -> onnx.ModelProto:
    """Draw the same resize with aligned corners, which compiled."""
    return _resized(513, "align_corners")


def _twice() -> onnx.ModelProto:
    """Draw a resize to twice the size."""
    return _resized(34, "half_pixel")


RULE = Rule(
    id="resize-program",
    title="A resize goes far up in fractional steps.",
    level="error",
    stage="compile",
    evidence=(
        Evidence(
            source="public log (DeepLabV3, 17 to 513 pixels; with align_corners the same net compiles)",
            grade="recorded",
            words="microcode exceeded size for resize1_sd0",
            version="3.33.0",
            hardware=("hailo8l",),
        ),
        Evidence(source="the same, for smaller factors that are not whole", grade="inferred"),
    ),
    check=check,
    fix="export with align_corners, resize in whole steps, or do it on the host",
    bad=(_far,),
    good=(_aligned, _twice),
)
