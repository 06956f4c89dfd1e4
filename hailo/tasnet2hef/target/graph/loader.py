"""A checked graph with known shapes, from an ONNX model; every defect is one GraphError line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from tasnet2hef.target.graph.checks import check_model
from tasnet2hef.target.graph.constants import Constants
from tasnet2hef.target.graph.inference import infer_shapes
from tasnet2hef.target.graph.onnx_node import AttributeValue, OnnxNode, Shape
from tasnet2hef.target.graph.stored import absent_file


@dataclass(frozen=True)
class LoadedGraph:
    """A checked ONNX graph: `nodes` depend on an input, everything else is in `constants`.

    `shapes` are ONNX shapes by tensor; tensors whose shape is not known are not in it.  `notes` are for the
    user, for example that the external weights are absent and only shapes are known.
    """

    name: str
    path: Path
    opset: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    nodes: tuple[OnnxNode, ...]
    shapes: Mapping[str, Shape]
    constants: Constants
    notes: tuple[str, ...] = ()

    @property
    def weights_absent(self) -> bool:
        """Return whether some weights lie in an external file that is missing."""
        return any("absent" in note for note in self.notes)


def graph_of_model(
    model: onnx.ModelProto, path: Path, input_shapes: Mapping[str, Sequence[int]] | None = None
) -> LoadedGraph:
    """Return the graph of a model; `path` is where its external weights would lie.

    `input_shapes` fixes dynamic inputs, one size per axis. External weights may be absent: shapes are then still
    known, and a note says so. The model must have no local functions left.

    Raises:
        GraphError: it is damaged, cyclic, incomplete, dynamic, of an unknown opset or of a custom domain.
    """
    where = path.name
    opset = check_model(model, where)
    shapes = infer_shapes(model, input_shapes or {}, where)
    constants = _constants(model, shapes, opset, path.parent)
    stored = {tensor.name for tensor in model.graph.initializer}
    inputs = tuple(value.name for value in model.graph.input if value.name not in stored)
    outputs = tuple(value.name for value in model.graph.output)
    return LoadedGraph(
        name=path.stem,
        path=path,
        opset=opset,
        inputs=inputs,
        outputs=outputs,
        nodes=_nodes(model, shapes, constants),
        shapes=shapes,
        constants=constants,
        notes=_notes(model, path.parent),
    )


def _constants(model: onnx.ModelProto, shapes: Mapping[str, Shape], opset: int, folder: Path) -> Constants:
    """Return every tensor that depends on no input; the shape of a tensor counts as constant."""
    stored = {tensor.name: tensor for tensor in model.graph.initializer}
    inputs = [value.name for value in model.graph.input if value.name not in stored]
    for node in model.graph.node:
        value = _constant_value(node, shapes)
        if value is not None and node.output:
            stored[node.output[0]] = value
    varying = _varying(model, inputs, stored)
    computed = {
        tensor: node
        for node in model.graph.node
        for tensor in node.output
        if tensor and tensor not in varying and tensor not in stored
    }
    return Constants(stored, computed, shapes, opset, folder)


def _varying(model: onnx.ModelProto, inputs: Sequence[str], stored: Mapping[str, TensorProto]) -> set[str]:
    """Return the tensors that depend on an input or vary by themselves."""
    readers: dict[str, list[onnx.NodeProto]] = {}
    front = list(inputs)
    for node in model.graph.node:
        for tensor in node.input:
            readers.setdefault(tensor, []).append(node)
        if _varies_by_itself(node):
            front.extend(tensor for tensor in node.output if tensor)
    varying = set(front)
    while front:
        for node in readers.get(front.pop(), []):
            for tensor in node.output:
                if tensor and tensor not in varying and tensor not in stored:
                    varying.add(tensor)
                    front.append(tensor)
    return varying


def _varies_by_itself(node: onnx.NodeProto) -> bool:
    """Return whether a node's output may vary without any input: random numbers, subgraphs, unknown operators."""
    has_body = any(attribute.HasField("g") or attribute.graphs for attribute in node.attribute)
    return has_body or node.op_type.startswith("Random") or not onnx.defs.has(node.op_type)


def _constant_value(node: onnx.NodeProto, shapes: Mapping[str, Shape]) -> TensorProto | None:
    """Return the value of a Constant node, or of a Shape node that reads a tensor of known shape."""
    if node.op_type == "Constant":
        return next((attribute.t for attribute in node.attribute if attribute.name == "value"), None)
    if node.op_type != "Shape" or node.input[0] not in shapes:
        return None
    ends = {attribute.name: attribute.i for attribute in node.attribute}
    sizes = shapes[node.input[0]][ends.get("start", 0) : ends.get("end")]
    return numpy_helper.from_array(np.array(sizes, np.int64), node.output[0])


def _nodes(model: onnx.ModelProto, shapes: Mapping[str, Shape], constants: Constants) -> tuple[OnnxNode, ...]:
    seen: dict[str, int] = {}
    nodes = []
    for index, node in enumerate(model.graph.node):
        if all(tensor in constants for tensor in node.output if tensor):
            continue
        name = node.name or f"{node.op_type}_{index}"
        seen[name] = seen.get(name, 0) + 1
        unique = name if seen[name] == 1 else f"{name}__{seen[name]}"
        nodes.append(_node(node, index, unique, shapes, constants))
    return tuple(nodes)


def _node(
    node: onnx.NodeProto, index: int, name: str, shapes: Mapping[str, Shape], constants: Constants
) -> OnnxNode:
    return OnnxNode(
        index=index,
        name=name,
        op_type=node.op_type,
        domain=node.domain,
        inputs=tuple(node.input),
        outputs=tuple(node.output),
        attributes=_attributes(node),
        input_shapes=tuple(
            constants.shape(tensor) if tensor in constants else shapes.get(tensor) for tensor in node.input
        ),
        output_shapes=tuple(shapes.get(tensor) for tensor in node.output),
        input_values=tuple(constants.numbers(tensor) if tensor in constants else None for tensor in node.input),
    )


def _attributes(node: onnx.NodeProto) -> tuple[tuple[str, AttributeValue], ...]:
    """Return the attributes that are numbers, texts or lists of them; tensors and subgraphs are left out."""
    kinds = onnx.AttributeProto
    attributes: list[tuple[str, AttributeValue]] = []
    for attribute in node.attribute:
        if attribute.type == kinds.INT:
            attributes.append((attribute.name, int(attribute.i)))
        elif attribute.type == kinds.FLOAT:
            attributes.append((attribute.name, float(attribute.f)))
        elif attribute.type == kinds.STRING:
            attributes.append((attribute.name, attribute.s.decode("utf-8", "replace")))
        elif attribute.type == kinds.INTS:
            attributes.append((attribute.name, tuple(int(number) for number in attribute.ints)))
        elif attribute.type == kinds.FLOATS:
            attributes.append((attribute.name, tuple(float(number) for number in attribute.floats)))
    return tuple(attributes)


def _notes(model: onnx.ModelProto, folder: Path) -> tuple[str, ...]:
    absent = sorted({file for tensor in model.graph.initializer if (file := absent_file(tensor, folder))})
    return tuple(f"weights in {file} are absent: shapes are known, values are not" for file in absent)
