"""How much a graph holds at once when it runs, from its static shapes: known before a runtime is started."""

from __future__ import annotations

import math
from collections.abc import Mapping

import onnx
from onnx import TensorProto

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.inference import infer_values, static_shape

_LARGEST_ITEM_BYTES = 8


def require_memory(model: onnx.ModelProto, where: str, most_bytes: int) -> None:
    """Check that a model can run within ``most_bytes``, at 8 bytes a value, weights left aside.

    Stored shapes of intermediate tensors are not believed: they are inferred again. Results that depend on no
    input are kept by a runtime, all others until their last reader has run.

    Raises:
        GraphError: it needs more; or that is not known: a shape is computed, a node runs a graph, there are texts.
    """
    inside = next((node for node in model.graph.node if _runs_a_graph(node)), None)
    if inside is not None:
        raise GraphError(
            f"{where}: node {inside.name or inside.op_type} runs a graph inside, as often as that says"
        )
    values = list(infer_values(model, {}, where, from_inputs=True).values())
    types = [tensor.data_type for tensor in model.graph.initializer]
    if TensorProto.STRING in (*types, *(value.type.tensor_type.elem_type for value in values)):
        raise GraphError(f"{where}: works on texts, whose length is not known")
    shapes = {value.name: static_shape(value) for value in values}
    sizes = {name: math.prod(shape) for name, shape in shapes.items() if shape is not None}
    unknown = next((name for node in model.graph.node for name in node.output if name and name not in sizes), None)
    if unknown is not None:
        raise GraphError(f"{where}: the shape of {unknown} does not follow from the inputs")
    needed = _LARGEST_ITEM_BYTES * _most_values(model.graph, sizes)
    if needed > most_bytes:
        raise GraphError(
            f"{where}: needs {needed / 1e6:,.0f} MB at once, expected at most {most_bytes / 1e6:,.0f} MB"
        )


def _runs_a_graph(node: onnx.NodeProto) -> bool:
    return any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute)


def _most_values(graph: onnx.GraphProto, sizes: Mapping[str, int]) -> int:
    """Return the most values that exist at once, in the order of the nodes; without the stored ones."""
    stored = {tensor.name for tensor in graph.initializer}
    inputs = {value.name for value in graph.input} - stored
    varying = set(inputs)
    kept = {value.name for value in graph.output}
    for node in graph.node:
        if varying & set(node.input):
            varying.update(node.output)
        else:
            kept.update(node.output)
    last = {name: place for place, node in enumerate(graph.node) for name in node.input}
    held = most = sum(sizes.get(name, 0) for name in inputs)
    for place, node in enumerate(graph.node):
        held += sum(sizes.get(name, 0) for name in node.output)
        most = max(most, held)
        done = {name for name in (*node.input, *node.output) if last.get(name, place) == place}
        held -= sum(sizes.get(name, 0) for name in done - kept - stored)
    return most
