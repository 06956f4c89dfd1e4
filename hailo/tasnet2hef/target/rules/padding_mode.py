"""Padding with anything but zeros."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse padding that repeats or mirrors the edge."""
    for node in context.nodes("Pad"):
        mode = node.text("mode", "constant")
        if mode != "constant":
            message = f"Pad of mode {mode!r}, expected zeros ('constant'): replicated edges did not translate"
            yield RULE.finding(context, message, node=node)


def _pad(mode: str) -> onnx.ModelProto:
    graph = GraphSketch()
    pads = graph.integers(0, 0, 1, 0, 0, 0, 1, 0)
    padded = graph.node("Pad", graph.input(1, 8, 100, 1), pads, mode=mode)
    return graph.model(graph.conv(padded, 8, 8, (3, 1)))


def _edge() -> onnx.ModelProto:
    """Draw padding that repeats the edge."""
    return _pad("edge")


def _zeros() -> onnx.ModelProto:
    """Draw padding with zeros."""
    return _pad("constant")


RULE = Rule(
    id="padding-mode",
    title="Padding repeats or mirrors the edge.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(source="public log of an inertial network (replicate padding; hailo8l)", grade="recorded"),
    ),
    check=check,
    fix="pad with zeros inside the convolution, or pad on the host",
    bad=(_edge,),
    good=(_zeros,),
)
