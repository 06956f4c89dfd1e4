"""Layer norms behind a stack: the parser loses which axis is which."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.known.evidence import Evidence
from tasnet2hef.target.rules.framework.context import RuleContext
from tasnet2hef.target.rules.framework.finding import Finding
from tasnet2hef.target.rules.framework.rule import Rule
from tasnet2hef.target.rules.framework.sketch import GraphSketch

_AXIS_MAKERS = ("Unsqueeze", "Reshape")


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse a layer norm that reads a Concat of tensors which an Unsqueeze or a Reshape gave an axis."""
    for node in context.nodes("LayerNormalization"):
        stack = context.producer(node.inputs[0])
        if stack is None or stack.op_type != "Concat":
            continue
        makers = [context.producer(tensor) for tensor in stack.inputs]
        if any(maker is not None and maker.op_type in _AXIS_MAKERS for maker in makers):
            message = "a layer norm behind a stack (Concat of new axes): 'IndexError in _convert_axes_to_nhwc'"
            yield RULE.finding(context, message, node=node)


def _norm(source_axes: bool) -> onnx.ModelProto:
    draw = GraphSketch(opset=17)
    parts = [draw.input(1, 64) if source_axes else draw.input(1, 4, 64) for _ in range(2)]
    if source_axes:
        parts = [draw.node("Unsqueeze", part, draw.integers(1)) for part in parts]
    scale = draw.weight(64)
    return draw.model(draw.node("LayerNormalization", draw.node("Concat", *parts, axis=1), scale, scale, axis=-1))


def _stacked() -> onnx.ModelProto:
    """Draw a layer norm over two stacked vectors."""
    return _norm(True)


def _joined() -> onnx.ModelProto:
    """Draw a layer norm over two joined sequences."""
    return _norm(False)


RULE = Rule(
    id="layer-norm-format",
    title="A layer norm behind a stack has no format.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public log of a state head (hailo10h)",
            grade="recorded",
            words="IndexError: list index out of range in _convert_axes_to_nhwc (input_format empty)",
            version="5.4.0",
        ),
    ),
    check=check,
    fix="normalise each part before they are stacked, or after a Flatten",
    bad=(_stacked,),
    good=(_joined,),
)
