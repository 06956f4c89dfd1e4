"""Layer norms after a stack: the parser loses track of the axes."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

_ADD_AN_AXIS = ("Unsqueeze", "Reshape")


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse a layer norm that reads a Concat of tensors which an Unsqueeze or a Reshape gave an axis."""
    for node in context.nodes("LayerNormalization"):
        stack = context.producer(node.inputs[0])
        if stack is None or stack.op_type != "Concat":
            continue
        producers = [context.producer(tensor) for tensor in stack.inputs]
        if any(producer is not None and producer.op_type in _ADD_AN_AXIS for producer in producers):
            message = "a layer norm after a stack (Concat of new axes): 'IndexError in _convert_axes_to_nhwc'"
            yield RULE.finding(context, message, node=node)


def _norm(from_vectors: bool) -> onnx.ModelProto:
    graph = GraphSketch(opset=17)
    parts = [graph.input(1, 64) if from_vectors else graph.input(1, 4, 64) for _ in range(2)]
    if from_vectors:
        parts = [graph.node("Unsqueeze", part, graph.integers(1)) for part in parts]
    scale = graph.weight(64)
    return graph.model(
        graph.node("LayerNormalization", graph.node("Concat", *parts, axis=1), scale, scale, axis=-1)
    )


def _stacked() -> onnx.ModelProto:
    """Draw a layer norm over two stacked vectors."""
    return _norm(True)


def _joined() -> onnx.ModelProto:
    """Draw a layer norm over two joined sequences."""
    return _norm(False)


RULE = Rule(
    id="layer-norm-format",
    title="A layer norm after a stack has no format.",
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
