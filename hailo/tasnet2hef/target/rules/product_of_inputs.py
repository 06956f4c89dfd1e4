"""Products of two tensors that no layer with weights wrote: their range is that of the graph's input."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.onnx_node import OnnxNode
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext

_PASSING = (
    *("Reshape", "Transpose", "Squeeze", "Unsqueeze", "Split", "Slice", "Gather", "Identity", "Cast", "Flatten"),
    *("Mul", "Div", "Concat"),
)
_LINE = "pre_quantization_optimization(matmul_correction, layers={matmul*}, correction_type=zp_comp_none)"


def check(context: RuleContext) -> Iterable[Finding]:
    """Report products of two tensors of which one comes straight from an input of the graph."""
    for node in context.nodes("MatMul"):
        if any(map(context.is_constant, node.inputs)):
            continue
        origins = [origin for tensor in node.inputs if (origin := _input_behind(context, tensor))]
        if origins:
            message = (
                f"a product of two tensors, of which {' and '.join(dict.fromkeys(origins))} comes from an input "
                "without a layer with weights between: its zero point can't be corrected in a layer before it"
            )
            yield RULE.finding(context, message, node=node)


def _input_behind(context: RuleContext, tensor: str) -> str:
    """Return the input of the graph that a tensor is a part of; empty where a layer computed it."""
    node: OnnxNode | None = context.producer(tensor)
    while node is not None:
        varying = [name for name in node.inputs if name and not context.is_constant(name)]
        if node.op_type not in _PASSING or len(varying) != 1:
            return ""
        tensor = varying[0]
        node = context.producer(tensor)
    return tensor if tensor in context.graph.inputs else ""


def _core() -> onnx.ModelProto:
    """Draw the core of an attention whose queries, keys and values are parts of one input."""
    graph = GraphSketch()
    parts = graph.node("Split", graph.input(1, 8, 192), count=3, axis=2)
    keys = graph.node("Transpose", f"{parts}_2", perm=[0, 2, 1])
    scores = graph.node("Softmax", graph.node("MatMul", parts, keys), axis=-1)
    return graph.model(graph.node("MatMul", scores, f"{parts}_3"))


def _projected() -> onnx.ModelProto:
    """Draw the same with a dense layer for each of the three."""
    graph = GraphSketch()
    source = graph.input(1, 8, 64)
    queries, keys, values = (graph.node("MatMul", source, graph.weight(64, 64)) for _ in range(3))
    turned = graph.node("Transpose", keys, perm=[0, 2, 1])
    scores = graph.node("Softmax", graph.node("MatMul", queries, turned), axis=-1)
    return graph.model(graph.node("MatMul", scores, values))


RULE = Rule(
    id="product-of-inputs",
    title="A product multiplies inputs of the graph.",
    level="warning",
    stage="optimize",
    evidence=(
        Evidence(
            source="public log (attention core, hailo10h): the author turned the correction of zero points off",
            grade="recorded",
            version="5.4.0",
        ),
    ),
    check=check,
    fix=f"add to the model script {_LINE}; or begin the graph at the layers that make these tensors",
    bad=(_core,),
    good=(_projected,),
)
