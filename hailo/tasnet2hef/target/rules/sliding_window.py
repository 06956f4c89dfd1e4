"""Dilated convolutions over time on height: the sliding window of rows that each must keep."""

from __future__ import annotations

import math
from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.cost import SlidingWindow
from tasnet2hef.target.known.limits import BUFFER_BYTES, BUFFER_LARGEST_BYTES, BUFFER_ROWS
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Compare each sliding window, (kernel - 1) * dilation + 1 rows, with the buffers seen between two layers."""
    for window in context.cost.windows:
        layer = context.net[window.layer]
        if window.rows < 2 or (window.values <= BUFFER_BYTES.value and window.rows <= BUFFER_ROWS.value):
            continue
        over = window.values > BUFFER_LARGEST_BYTES.value or window.rows > BUFFER_ROWS.value
        parts = math.ceil(window.values / BUFFER_BYTES.value)
        message = (
            f"keeps {window.rows} rows of {window.row.values:,} bytes = {window.values:,} bytes; most buffers end "
            f"at {int(BUFFER_BYTES):,} bytes, the largest seen at {int(BUFFER_LARGEST_BYTES):,} and "
            f"{int(BUFFER_ROWS)} rows"
        )
        yield RULE.finding(
            context,
            message,
            layer=layer,
            level="warning" if over else "note",
            fix=_fix(window, parts, layer.type),
        )


def _fix(window: SlidingWindow, parts: int, type_: str) -> str:
    remedies = []
    if parts > 1 and type_ == "dw":
        remedies.append(f"split it exactly over features into {parts} depthwise convolutions")
    elif parts > 1:
        remedies.append("fewer features")
    if window.rows > BUFFER_ROWS.value:
        remedies.append("fewer rows: a smaller dilation (6 blocks of d <= 32 instead of 8)")
    return "; ".join(remedies)


def _dilated(features: int, dilation: int) -> onnx.ModelProto:
    graph = GraphSketch()
    pads = [dilation, 0, dilation, 0]
    source = graph.input(1, features, 400, 1)
    return graph.model(
        graph.conv(source, features, features, (3, 1), group=features, dilations=[dilation, 1], pads=pads)
    )


def _far() -> onnx.ModelProto:
    """Draw a depthwise convolution of dilation 128 on 512 features: 257 rows, 131,584 bytes."""
    return _dilated(512, 128)


def _near() -> onnx.ModelProto:
    """Draw one of dilation 16 on 512 features: 33 rows, 16,896 bytes."""
    return _dilated(512, 16)


RULE = Rule(
    id="sliding-window",
    title="A dilated convolution keeps more rows than a buffer holds.",
    level="warning",
    stage="compile",
    evidence=(
        Evidence(
            source="ceilings of 2,125 buffers(...) lines of hailo_model_zoo v2.18; whether the compiler splits "
            "such a layer by itself is not recorded",
            grade="inferred",
        ),
    ),
    check=check,
    fix="split the depthwise convolution over feature groups (exact), or use smaller dilations",
    bad=(_far,),
    good=(_near,),
)
