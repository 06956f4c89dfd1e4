"""What an ONNX file must satisfy before shape inference; each defect is one GraphError line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

import onnx

from tasnet2hef.base.errors import GraphError
from tasnet2hef.target.graph.stored import LARGEST_AXIS, MOST_AXES, check_stored, stored_tensors

_STANDARD_DOMAINS = ("", "ai.onnx")
_POSITIVE = ("strides", "dilations", "kernel_shape", "group", "blocksize", "num_outputs", "num_groups")


def check_model(model: onnx.ModelProto, where: str) -> int:
    """Return the opset of a model whose structure is sound; raise GraphError for the first defect."""
    opset = check_parts(model, where)
    custom = next((node for node in model.graph.node if node.domain not in _STANDARD_DOMAINS), None)
    if custom is not None:
        raise GraphError(
            f"{where}: node {custom.name or custom.op_type}: {custom.op_type} is of the custom domain "
            f"{custom.domain!r}, expected standard ONNX; export without custom operators"
        )
    _check_wiring(model.graph, where)
    return opset


def check_parts(model: onnx.ModelProto, where: str) -> int:
    """Return the opset of a model whose names, stored tensors and standard operators are sound, each by itself.

    Raises:
        GraphError: the first defect.
    """
    check_names(model, where)
    if not model.graph.node and not model.graph.output:
        raise GraphError(f"{where}: holds no ONNX graph (no nodes, no outputs); expected an ONNX model")
    if not model.graph.output:
        raise GraphError(f"{where}: the graph has no outputs; export it with at least one")
    opset = _check_opset(model, where)
    if any(not tensor.name for tensor in model.graph.initializer):
        raise GraphError(f"{where}: an initialiser has no name; export again")
    for value in (*model.graph.input, *model.graph.output):
        if (axes := len(value.type.tensor_type.shape.dim)) > MOST_AXES:
            raise GraphError(f"{where}: {value.name} has {axes} axes, expected at most {MOST_AXES}; export again")
    for tensor in stored_tensors(model.graph):
        check_stored(tensor, where)
    for node in model.graph.node:
        if node.domain in _STANDARD_DOMAINS:
            place = f"{where}: node {node.name or node.op_type}"
            _check_attributes(node, place)
            _check_arity(node, place, opset)
    return opset


def check_names(model: onnx.ModelProto, where: str) -> None:
    """Refuse text that is not UTF-8: protobuf returns such names as bytes."""
    graph = model.graph
    named = (*graph.input, *graph.output, *graph.value_info, *graph.initializer)
    names = [graph.name, model.producer_name, model.producer_version, *(entry.name for entry in named)]
    names += [text for entry in model.metadata_props for text in (entry.key, entry.value)]
    names += [entry.domain for entry in model.opset_import]
    for node in graph.node:
        names += [node.name, node.op_type, node.domain, *node.input, *node.output]
        names += [attribute.name for attribute in node.attribute]
    damaged = next((name for name in names if not isinstance(name, str)), None)
    if damaged is not None:
        raise GraphError(f"{where}: the name {damaged!r} is not UTF-8 text; the file is damaged")


def _check_opset(model: onnx.ModelProto, where: str) -> int:
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    opset: int | None = next((opsets[domain] for domain in _STANDARD_DOMAINS if domain in opsets), None)
    newest = onnx.defs.onnx_opset_version()
    if opset is None:
        raise GraphError(f"{where}: names no opset of the standard domain; export it with opset 11 to 18")
    if not 1 <= opset <= newest:
        raise GraphError(
            f"{where}: opset {opset}, expected 1 to {newest} (the newest that onnx {onnx.__version__} "
            "knows); export with opset 11 to 18"
        )
    return opset


def _check_attributes(node: onnx.NodeProto, place: str) -> None:
    """Refuse sizes that divide by zero or overflow in shape inference."""
    for attribute in node.attribute:
        if attribute.name not in _POSITIVE:
            continue
        values = list(attribute.ints) or [attribute.i]
        if any(not 1 <= value <= LARGEST_AXIS for value in values):
            raise GraphError(f"{place}: {attribute.name} is {values}, expected numbers from 1 up")


def _check_arity(node: onnx.NodeProto, place: str, opset: int) -> None:
    if not onnx.defs.has(node.op_type):
        return  # no such operator: the parser reports it as unsupported
    try:
        schema = onnx.defs.get_schema(node.op_type, opset, "")
    except onnx.defs.SchemaError:  # not in this opset: likewise, but it reads what it would read in the newest
        schema = onnx.defs.get_schema(node.op_type, "")
    required = sum(option == onnx.defs.OpSchema.FormalParameterOption.Single for option in _options(schema))
    count = len(node.input)
    if not schema.min_input <= count <= schema.max_input or not all(node.input[:required]):
        raise GraphError(
            f"{place}: {node.op_type} reads {count} tensors {list(node.input)[:4]}, expected "
            f"{schema.min_input} to {schema.max_input}; export again"
        )
    if not schema.min_output <= len(node.output) <= schema.max_output:
        raise GraphError(f"{place}: {node.op_type} writes {len(node.output)} tensors; export again")


def _options(schema: onnx.defs.OpSchema) -> Sequence[onnx.defs.OpSchema.FormalParameterOption]:
    return [parameter.option for parameter in schema.inputs]


def _check_wiring(graph: onnx.GraphProto, where: str) -> None:
    known = {tensor.name for tensor in graph.initializer} | {value.name for value in graph.input}
    known |= {tensor.values.name for tensor in graph.sparse_initializer}
    writers: dict[str, int] = {}
    for position, node in enumerate(graph.node):
        for tensor in filter(None, node.output):
            if tensor in writers or tensor in known:
                raise GraphError(f"{where}: tensor {tensor} is written twice; export again")
            writers[tensor] = position
    for node in graph.node:
        for tensor in filter(None, node.input):
            if tensor not in known and tensor not in writers:
                raise GraphError(
                    f"{where}: node {node.name or node.op_type} reads {tensor}, which no node, input or "
                    "initialiser provides; the initialiser is missing"
                )
    for value in graph.output:
        if value.name not in known and value.name not in writers:
            raise GraphError(f"{where}: no node writes the output {value.name}; export again")
    _check_acyclic(graph, writers, where)


def _check_acyclic(graph: onnx.GraphProto, writers: Mapping[str, int], where: str) -> None:
    sorter = TopologicalSorter(
        {
            position: {writers[tensor] for tensor in node.input if tensor in writers}
            for position, node in enumerate(graph.node)
        }
    )
    try:
        sorter.prepare()
    except CycleError:  # the nodes before the cycle can still be sorted
        stuck = set(range(len(graph.node)))
        while ready := sorter.get_ready():
            stuck.difference_update(ready)
            sorter.done(*ready)
        first = graph.node[min(stuck)]
        raise GraphError(
            f"{where}: {len(stuck)} nodes lie on or after a cycle, the first is "
            f"{first.name or first.op_type}; export again"
        ) from None
