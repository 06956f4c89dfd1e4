"""Cuts nodes out of a graph: tensors from outside become typed inputs, those used outside typed outputs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

import onnx
from onnx import TensorProto, helper, numpy_helper

from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.supervise.apart import ApartError, run_apart
from tasnet2hef.target.graph.checks import check_model
from tasnet2hef.target.graph.constants import Constants
from tasnet2hef.target.graph.inference import infer_values, static_shape
from tasnet2hef.target.graph.loader import graph_of_model

NAME: Final = "candidate"
_LARGEST_CHECKED_BYTES: Final = 1024
_MOST_SECONDS: Final = 10


@dataclass(frozen=True)
class SourceGraph:
    """A graph with static shapes to cut from; ``values`` has every tensor whose type and shape are known."""

    model: onnx.ModelProto
    values: Mapping[str, onnx.ValueInfoProto]
    constants: Constants

    @property
    def nodes(self) -> tuple[int, ...]:
        """Return the positions of the nodes that can be left out; a Constant stays with the nodes that read it."""
        return tuple(place for place, node in enumerate(self.model.graph.node) if node.op_type != "Constant")

    @cached_property
    def stored(self) -> frozenset[str]:
        """Return the names of all initialisers."""
        graph = self.model.graph
        return frozenset(
            [tensor.name for tensor in graph.initializer] + [each.values.name for each in graph.sparse_initializer]
        )

    @cached_property
    def used(self) -> frozenset[str]:
        """Return the tensors that are read by a node or are outputs."""
        read = {name for node in self.model.graph.node for name in reads(node)}
        return frozenset(read | {value.name for value in self.model.graph.output})

    def ancestors(self, kept: Iterable[int]) -> list[int]:
        """Return the last of some nodes and those that it depends on, in their order."""
        places = list(kept)
        needed: set[str] = set()
        ancestors = []
        for place in reversed(places):
            node = self.model.graph.node[place]
            if place == places[-1] or needed & set(node.output):
                ancestors.append(place)
                needed.update(reads(node))
        return ancestors[::-1]

    def cut(self, kept: Iterable[int]) -> onnx.ModelProto:
        """Return a valid model of some nodes, by their positions in order.

        Raises:
            GraphError: there are none, a tensor at the cut has no known type and shape, or ONNX's checker
                refuses the model.
        """
        graph = self.model.graph
        chosen = [graph.node[place] for place in kept]
        if not chosen:
            raise GraphError(f"{NAME}: found no nodes, expected one or more")
        read = dict.fromkeys(name for node in chosen for name in reads(node))
        fixed = [node for node in graph.node if node.op_type == "Constant" and set(node.output) & set(read)]
        produced = [name for node in chosen for name in node.output if name]
        known = self.stored | {name for node in fixed for name in node.output} | set(produced)
        folded = [tensor for name in read if name not in known and (tensor := self._constant(name)) is not None]
        known |= {tensor.name for tensor in folded}
        part = helper.make_graph(
            [*fixed, *chosen],
            NAME,
            [self._value(name) for name in self._in_order(name for name in read if name not in known)],
            [self._value(name) for name in self._outputs(chosen, produced, set(read))],
            [*(tensor for tensor in graph.initializer if tensor.name in read), *folded],
            value_info=[self.values[name] for name in produced if name in self.values and name in read],
            sparse_initializer=[each for each in graph.sparse_initializer if each.values.name in read],
        )
        return _checked(new_model(part, self.model))

    def _in_order(self, names: Iterable[str]) -> list[str]:
        """Return names with the graph's own inputs first, in their order."""
        old = [value.name for value in self.model.graph.input]
        return sorted(names, key=lambda name: old.index(name) if name in old else len(old))

    def _outputs(self, chosen: list[onnx.NodeProto], produced: list[str], read: set[str]) -> list[str]:
        old = {value.name for value in self.model.graph.output}
        ends = [name for name in produced if name in old or (name in self.used and name not in read)]
        varying = [name for name in ends if name not in self.constants]
        return varying or ends or [next(filter(None, chosen[-1].output))]

    def _value(self, name: str) -> onnx.ValueInfoProto:
        value = self.values.get(name)
        if value is None:
            raise GraphError(f"tensor {name}: its type or shape is not known, so no graph can begin or end there")
        return value

    def _constant(self, name: str) -> TensorProto | None:
        """Return a computed constant's value; None for what depends on an input or is large."""
        value = self.constants.small(name) if name in self.constants else None
        return None if value is None else numpy_helper.from_array(value, name)


def source_graph(model: onnx.ModelProto) -> SourceGraph:
    """Return a model with static inputs as a graph to cut from; raise GraphError where its shapes conflict."""
    values, constants = _typed(model)
    known = model
    while any(name and name not in values for node in model.graph.node for name in node.output):
        # A shape that the graph computes becomes known once the constants that it depends on are stored.
        known = _with_constants(known, constants)
        more, constants = _typed(known)
        if more.keys() <= values.keys():
            break
        values = {**more, **values}
    return SourceGraph(model, values, constants)


def _typed(model: onnx.ModelProto) -> tuple[dict[str, onnx.ValueInfoProto], Constants]:
    """Return the values whose type and shape are known, and the constants."""
    stored = (
        helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims))
        for tensor in model.graph.initializer
    )
    inferred = (value for value in infer_values(model, {}, NAME).values() if _is_typed(value))
    values = {value.name: value for value in (*stored, *inferred)}
    return values, graph_of_model(model, Path(NAME)).constants


def _with_constants(model: onnx.ModelProto, constants: Constants) -> onnx.ModelProto:
    """Return a model that stores the small constants which its nodes compute."""
    graph = model.graph
    nodes, stored = [], list(graph.initializer)
    for node in graph.node:
        values = {name: constants.small(name) for name in node.output if name in constants}
        if node.op_type != "Constant" and values and all(value is not None for value in values.values()):
            stored += [numpy_helper.from_array(value, name) for name, value in values.items() if value is not None]
        else:
            nodes.append(node)
    new_graph = helper.make_graph(
        nodes, NAME, graph.input, graph.output, stored, sparse_initializer=graph.sparse_initializer
    )
    return new_model(new_graph, model)


def new_model(graph: onnx.GraphProto, like: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model of a graph, with only the opsets and the IR version of ``like``."""
    return helper.make_model(graph, opset_imports=like.opset_import, ir_version=like.ir_version)


def with_inferred_shapes(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model whose tensors have the shapes that follow from its inputs.

    Raises:
        GraphError: shapes conflict, or an output has none.
    """
    graph = model.graph
    del graph.value_info[:]
    for output in graph.output:
        output.type.tensor_type.ClearField("shape")
    values = infer_values(model, {}, NAME)
    for output in graph.output:
        if not _is_typed(values[output.name]):
            raise GraphError(f"output {output.name}: its shape does not follow from the inputs")
        output.CopyFrom(values[output.name])
    ends = {value.name for value in (*graph.input, *graph.output)}
    graph.value_info.extend(value for name, value in values.items() if name not in ends and _is_typed(value))
    return _checked(model)


def reads(node: onnx.NodeProto) -> Iterator[str]:
    """Yield the tensors that a node reads, including those that its bodies read from the outer scope."""
    yield from filter(None, node.input)
    for body in bodies(node):
        own = {value.name for value in body.input} | {tensor.name for tensor in body.initializer}
        own |= {name for inner in body.node for name in inner.output}
        outer = [name for inner in body.node for name in reads(inner)] + [value.name for value in body.output]
        yield from (name for name in outer if name not in own)


def bodies(node: onnx.NodeProto) -> list[onnx.GraphProto]:
    """Return the graphs inside a node, such as the branches of an If."""
    return [
        graph
        for attribute in node.attribute
        for graph in ([attribute.g] if attribute.HasField("g") else list(attribute.graphs))
    ]


def stored_tensors(graph: onnx.GraphProto) -> Iterator[TensorProto]:
    """Yield the constants of a graph and of the graphs inside it."""
    yield from graph.initializer
    for node in graph.node:
        if node.op_type == "Constant":
            yield from (attribute.t for attribute in node.attribute if attribute.name == "value")
        for body in bodies(node):
            yield from stored_tensors(body)


def _checked(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a model that ONNX's checker accepts; unknown operators are left to the command."""
    check_model(model, NAME)
    if not all(onnx.defs.has(node.op_type) for node in model.graph.node):
        return model
    bare = _without_weights(model)
    try:
        defect = run_apart(lambda: _defect(bare), _MOST_SECONDS)
    except ApartError as error:
        defect = f"ONNX's checker {error}"
    if defect:
        raise GraphError(f"{NAME}: not valid ONNX ({defect})")
    return model


def _defect(model: onnx.ModelProto) -> str:
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        return str(error)
    return ""


def _without_weights(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model with its weights as inputs: values may be absent, and don't matter for validity."""
    graph = model.graph
    large = [tensor for tensor in graph.initializer if _is_large(tensor)]
    inputs = [helper.make_tensor_value_info(tensor.name, tensor.data_type, list(tensor.dims)) for tensor in large]
    new_graph = helper.make_graph(
        graph.node,
        NAME,
        [*graph.input, *inputs],
        graph.output,
        [tensor for tensor in graph.initializer if not _is_large(tensor)],
        value_info=graph.value_info,
        sparse_initializer=graph.sparse_initializer,
    )
    return new_model(new_graph, model)


def _is_large(tensor: TensorProto) -> bool:
    return tensor.data_location == TensorProto.EXTERNAL or tensor.ByteSize() > _LARGEST_CHECKED_BYTES


def _is_typed(value: onnx.ValueInfoProto) -> bool:
    return bool(value.type.tensor_type.elem_type) and static_shape(value) is not None
