"""Tensors of five axes and more: the compiler's tensors are [batch, height, width, features]."""

from __future__ import annotations

from collections.abc import Iterable

import onnx

from tasnet2hef.target.graph.fused_patterns import windows_at
from tasnet2hef.target.graph.onnx_node import OnnxNode
from tasnet2hef.target.graph.ordering import consumers_of
from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse every node that makes or reads a tensor of more than four axes; a 3-D convolution only warns.

    Packed queries, keys and values of an attention have five, and compile.
    """
    windows = _windows(context)
    for node in context.graph.nodes:
        layer = context.layer_of_node.get(node.name)
        if node.index in context.attention or (layer is not None and layer.type == "feature_shuffle"):
            continue
        written = [shape for shape in node.output_shapes if shape is not None and len(shape) > 4]
        read = [shape for shape in node.input_shapes if shape is not None and len(shape) > 4]
        if written or read:
            use = f"makes {list(written[0])}" if written else f"reads {list(read[0])}"
            yield _finding(context, f"{node.op_type} {use}", node, node.name in windows)


def _windows(context: RuleContext) -> frozenset[str]:
    """Return the names of the nodes that cut maps into windows and join them, as in a Swin transformer."""
    readers = consumers_of(context.graph.nodes)
    return frozenset(each.name for node in context.graph.nodes for each in windows_at(node, readers))


def _finding(context: RuleContext, use: str, node: OnnxNode, window: bool) -> Finding:
    if window:
        message = f"{use}: windows of a map, in six axes; transformers with them compile in the vendor's form"
        return RULE.finding(context, message, node=node, evidence=2)
    message = f"{use}: more than 4 axes; seen to end in UnsupportedShuffleLayerError"
    if node.op_type not in ("Conv", "ConvTranspose"):
        return RULE.finding(context, message, node=node)
    return RULE.finding(context, f"{use}: more than 4 axes", node=node, evidence=1)


def _sources() -> onnx.ModelProto:
    """Draw a view [1, 8, 16, 2, 128] -> [1, 8, 32, 128]."""
    graph = GraphSketch()
    five = graph.node("Reshape", graph.input(1, 8, 16, 256), graph.integers(1, 8, 16, 2, 128))
    return graph.model(graph.node("Reshape", five, graph.integers(1, 8, 32, 128)))


def _masks() -> onnx.ModelProto:
    """Draw two masks as two convolutions, each of four axes."""
    graph = GraphSketch()
    source = graph.input(1, 64, 199, 1)
    return graph.model(graph.conv(source, 64, 128), graph.conv(source, 64, 128))


RULE = Rule(
    id="more-than-four-axes",
    title="A tensor has more than four axes.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public log (gated delta net; hailo10h); masa0810/hailo8-model (Slice over axis 4; hailo8)",
            grade="recorded",
            words="UnsupportedShuffleLayerError",
            version="3.33, 5.4.0",
        ),
        Evidence(
            source="the compiler's 4-D tensors; the model zoo compiles one network of 3-D convolutions (r3d_18)",
            grade="inferred",
        ),
        Evidence(
            source="hailo_model_zoo, docs/public_models: swin_tiny and swin_small of 224 pixels (hailo8, hailo8l)",
            grade="inferred",
        ),
    ),
    check=check,
    fix="keep four axes: one convolution, product and output per source instead of a source axis",
    bad=(_sources,),
    good=(_masks,),
)
