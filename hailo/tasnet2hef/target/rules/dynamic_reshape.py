"""Reshapes to a size computed in the graph (`x.size(0)`): the parser fails on the chain of nodes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import onnx

from tasnet2hef.target.rules import Evidence, Finding, GraphSketch, Level, Rule, RuleContext


def check(context: RuleContext) -> Iterable[Finding]:
    """Refuse each Reshape whose shape comes from a Shape node, in the file as written.

    The compiler folds what is constant when it tries a second time; transformers of fixed size compile.
    """
    if context.model is None:
        return
    producers = {tensor: node for node in context.model.graph.node for tensor in node.output}
    within = {node.name for node in context.graph.nodes if node.index in context.attention}
    for node in context.model.graph.node:
        if node.op_type == "Reshape" and len(node.input) > 1 and _depends_on_shape(node.input[1], producers):
            layer = context.layer_of_node.get(node.name)
            if context.is_constant(node.output[0]):
                continue  # it folds away
            if layer is not None and layer.type == "group_normalization":
                continue  # group-norm reports it
            level: Level = "warning" if node.name in within else "error"
            message = (
                "Reshape to a size measured in the graph (Shape, Gather, ...): 'IndexError in "
                "is_windows_to_input_chain_end'"
            )
            evidence = 1 if level == "warning" else 0
            yield RULE.finding(context, message, layer=layer, nodes=(node.name,), level=level, evidence=evidence)


def _depends_on_shape(tensor: str, producers: Mapping[str, onnx.NodeProto]) -> bool:
    """Return whether a tensor is computed from the output of a Shape node."""
    pending, visited = [tensor], set()
    while pending:
        node = producers.get(pending.pop())
        if node is None or id(node) in visited:
            continue
        if node.op_type == "Shape":
            return True
        visited.add(id(node))
        pending.extend(node.input)
    return False


def _flatten_by_size() -> onnx.ModelProto:
    """Draw x.reshape(x.size(0), -1)."""
    graph = GraphSketch()
    source = graph.conv(graph.input(1, 8, 10, 10), 8, 8)
    batch = graph.node("Gather", graph.node("Shape", source), graph.integers(0), axis=0)
    flat = graph.node("Reshape", source, graph.node("Concat", batch, graph.integers(-1), axis=0))
    return graph.model(graph.node("Gemm", flat, graph.weight(800, 5)))


def _flatten() -> onnx.ModelProto:
    """Draw torch.flatten(x, 1)."""
    graph = GraphSketch()
    flat = graph.node("Flatten", graph.conv(graph.input(1, 8, 10, 10), 8, 8), axis=1)
    return graph.model(graph.node("Gemm", flat, graph.weight(800, 5)))


RULE = Rule(
    id="dynamic-reshape",
    title="A reshape's size is computed in the graph.",
    level="error",
    stage="translate",
    evidence=(
        Evidence(
            source="public log of an inertial network (suite 2025-01, hailo8l)",
            grade="recorded",
            words="IndexError in is_windows_to_input_chain_end",
        ),
        Evidence(
            source="the same within an attention of fixed size: vision transformers of the model zoo compile",
            grade="inferred",
        ),
    ),
    check=check,
    fix="export with fixed sizes and torch.flatten(x, 1), or simplify the graph so that sizes are constants",
    bad=(_flatten_by_size,),
    good=(_flatten,),
)
