"""The shape of every tensor of an ONNX model, inferred without copying its weights."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper, shape_inference

from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.supervise.apart import ApartError, run_apart
from tasnet2hef.target.graph.constants import Array, evaluate
from tasnet2hef.target.graph.onnx_node import Shape
from tasnet2hef.target.graph.stored import LARGEST_AXIS

# Shape operators read tensors of a few numbers; anything larger is a weight, of which only the shape counts.
_LARGEST_READ_BYTES = 1024

_MOST_PASSES = 64
_MOST_SECONDS = 3
_BYTES_A_SECOND = 100_000
_MOST_BYTES = 2**29
"""What the inference may take: it is C++ that aborts on some shapes, and so runs apart."""
_MOST_SIZES = 128
_WHOLE = (TensorProto.INT64, TensorProto.INT32, TensorProto.BOOL)
_OF_SIZES = (
    *("Add", "Cast", "Concat", "ConstantOfShape", "Div", "Equal", "Gather", "Identity", "Mod", "Mul", "Range"),
    *("ReduceProd", "Reshape", "Slice", "Squeeze", "Sub", "Unsqueeze", "Where"),
)
"""Operators that compute sizes from sizes."""

_KEEP_SHAPE = ("GroupNormalization",)
"""Operators whose output has the shape of their first input, which onnx does not infer."""


def infer_shapes(
    model: onnx.ModelProto, input_shapes: Mapping[str, Sequence[int]], where: str
) -> dict[str, Shape]:
    """Return the shape of every tensor that has one; raise GraphError for a dynamic or impossible input."""
    graph = _inferred(model, input_shapes, where)
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        shape = static_shape(value)
        if shape is not None:
            shapes[value.name] = shape
    return shapes


def infer_values(
    model: onnx.ModelProto, input_shapes: Mapping[str, Sequence[int]], where: str, *, from_inputs: bool = False
) -> dict[str, onnx.ValueInfoProto]:
    """Return type and shape of every input, output and intermediate tensor where known; see `infer_shapes`.

    With `from_inputs`, the shapes that the file says of other tensors are not believed.
    """
    graph = _inferred(model, input_shapes, where, from_inputs=from_inputs)
    return {value.name: value for value in (*graph.input, *graph.value_info, *graph.output)}


def _inferred(
    model: onnx.ModelProto, input_shapes: Mapping[str, Sequence[int]], where: str, *, from_inputs: bool = False
) -> onnx.GraphProto:
    skeleton = _skeleton(model)
    if from_inputs:
        _forget_shapes(skeleton)
    stored = {tensor.name for tensor in model.graph.initializer}
    _fix_inputs(skeleton, input_shapes, stored, where)
    try:
        seconds = _MOST_SECONDS + skeleton.ByteSize() // _BYTES_A_SECOND
        inferred = run_apart(lambda: _repeated(skeleton, where), seconds, _MOST_BYTES)
    except ApartError as error:
        raise GraphError(
            f"{where}: ONNX's shape inference {error}: an operator or a shape in it is damaged; export again"
        ) from None
    graph = onnx.GraphProto()
    graph.ParseFromString(inferred)
    return graph


def _repeated(skeleton: onnx.ModelProto, where: str) -> bytes:
    """Infer until no more shapes become known; return the graph, serialised."""
    inferred = _infer(skeleton, where)
    for _ in range(_MOST_PASSES):
        if not _write_out_sizes(skeleton, inferred):
            break
        inferred = _infer(skeleton, where)
    return bytes(inferred.SerializeToString())


def _infer(skeleton: onnx.ModelProto, where: str) -> onnx.GraphProto:
    try:
        return shape_inference.infer_shapes(skeleton, strict_mode=True, data_prop=True).graph
    except (shape_inference.InferenceError, ValueError, TypeError, RuntimeError, UnicodeDecodeError) as error:
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise GraphError(f"{where}: shapes do not fit together: {' '.join(lines)[:300]}") from None


def _write_out_sizes(skeleton: onnx.ModelProto, inferred: onnx.GraphProto) -> bool:
    """Replace what is computed from known sizes by constants if a shape is missing; return whether there was any.

    onnx does not infer the shape behind a Reshape or an Expand to sizes that were measured in the graph.
    """
    values = {value.name: value for value in (*inferred.input, *inferred.value_info, *inferred.output)}
    outputs = [name for node in skeleton.graph.node for name in node.output if name]
    if all(name in values and static_shape(values[name]) is not None for name in outputs):
        return False
    known = {name: shape for name, value in values.items() if (shape := static_shape(value)) is not None}
    numbers = {
        tensor.name: numpy_helper.to_array(tensor)
        for tensor in skeleton.graph.initializer
        if tensor.data_type in _WHOLE and _holds_values(tensor)
    }
    opset = next((entry.version for entry in skeleton.opset_import if entry.domain in ("", "ai.onnx")), 1)
    replaced = False
    for node in skeleton.graph.node:
        result = _numbers_of(node, known, numbers, opset)
        if result is None:
            continue
        numbers[node.output[0]] = result
        if node.op_type != "Constant":
            tensor = numpy_helper.from_array(result, node.output[0])
            node.CopyFrom(onnx.helper.make_node("Constant", [], [node.output[0]], name=node.name, value=tensor))
            replaced = True
    return replaced


def _holds_values(tensor: TensorProto) -> bool:
    """Return whether the skeleton kept a tensor's values: those of weights were left out."""
    return bool(tensor.raw_data or tensor.int64_data or tensor.int32_data)


def _numbers_of(
    node: onnx.NodeProto, known: Mapping[str, Shape], numbers: Mapping[str, Array], opset: int
) -> Array | None:
    """Return the result of a node that computes sizes; None for every other node."""
    attributes = {attribute.name: attribute for attribute in node.attribute}
    if (
        len(node.output) != 1
        or node.domain not in ("", "ai.onnx")
        or any(each.HasField("g") for each in node.attribute)
    ):
        return None
    if node.op_type == "Shape" and node.input[0] in known:
        start, end = (attributes[name].i if name in attributes else None for name in ("start", "end"))
        return np.array(known[node.input[0]][start:end], np.int64)
    if node.op_type == "Constant":
        tensor = attributes["value"].t if "value" in attributes else None
        small = tensor is not None and tensor.data_type in _WHOLE and tensor.ByteSize() <= _LARGEST_READ_BYTES
        return numpy_helper.to_array(tensor) if tensor is not None and small else None
    if node.op_type not in _OF_SIZES or not all(name in numbers for name in node.input if name):
        return None
    result = evaluate(node, {name: numbers[name] for name in node.input if name}, opset).get(node.output[0])
    return result if result is not None and result.dtype.kind in "iub" and result.size <= _MOST_SIZES else None


def _skeleton(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return the model without the values of its weights."""
    skeleton = onnx.ModelProto(ir_version=model.ir_version)
    skeleton.opset_import.extend(model.opset_import)
    graph = skeleton.graph
    graph.name = model.graph.name or "graph"
    graph.node.extend(_shape_only(node) for node in model.graph.node)
    graph.input.extend(model.graph.input)
    graph.output.extend(model.graph.output)
    graph.value_info.extend(model.graph.value_info)
    for value in (*graph.output, *graph.value_info):
        _forget_impossible(value)
    for tensor in model.graph.initializer:
        if tensor.ByteSize() <= _LARGEST_READ_BYTES and tensor.data_location != TensorProto.EXTERNAL:
            graph.initializer.append(tensor)
        else:
            graph.initializer.add(name=tensor.name, dims=tensor.dims, data_type=tensor.data_type)
    return skeleton


def _forget_impossible(value: onnx.ValueInfoProto) -> None:
    """Make sizes unknown that no tensor has: some exporters write -1 for a dynamic axis."""
    tensor = value.type.tensor_type
    if value.type.HasField("tensor_type") and tensor.HasField("shape"):
        for axis in tensor.shape.dim:
            if not 0 <= axis.dim_value <= LARGEST_AXIS:
                axis.ClearField("dim_value")


def _shape_only(node: onnx.NodeProto) -> onnx.NodeProto:
    """Return a node of the same shapes that onnx can infer."""
    if node.op_type in _KEEP_SHAPE and node.domain in ("", "ai.onnx") and node.input and node.output:
        return onnx.NodeProto(op_type="Identity", name=node.name, input=node.input[:1], output=node.output[:1])
    return node


def _fix_inputs(
    model: onnx.ModelProto, input_shapes: Mapping[str, Sequence[int]], stored: set[str], where: str
) -> None:
    inputs = [value for value in model.graph.input if value.name not in stored]
    unknown = sorted(set(input_shapes) - {value.name for value in inputs})
    if unknown:
        names = ", ".join(value.name for value in inputs)
        raise GraphError(f"{where}: no input {unknown[0]!r} to give a shape to; the inputs are: {names}")
    changed = False
    for value in inputs:
        if value.name in input_shapes:
            changed |= _override(value, input_shapes[value.name], where)
        _check_static(value, where)
    if changed:  # the stored shapes followed from the old input
        _forget_shapes(model)


def _forget_shapes(model: onnx.ModelProto) -> None:
    """Remove the shapes of all tensors but the inputs."""
    del model.graph.value_info[:]
    for output in model.graph.output:
        output.type.tensor_type.ClearField("shape")


def _override(value: onnx.ValueInfoProto, shape: Sequence[int], where: str) -> bool:
    tensor = value.type.tensor_type
    if tensor.HasField("shape") and len(tensor.shape.dim) != len(shape):
        raise GraphError(
            f"{where}: input {value.name} has {len(tensor.shape.dim)} axes, the shape given for it "
            f"{list(shape)} has {len(shape)}; give one number per axis"
        )
    before = static_shape(value)
    tensor.ClearField("shape")
    for length in shape:
        tensor.shape.dim.add(dim_value=int(length))
    return before != tuple(shape)


def _check_static(value: onnx.ValueInfoProto, where: str) -> None:
    if not value.type.HasField("tensor_type"):
        raise GraphError(f"{where}: input {value.name} is not a tensor; export with tensors only")
    if not value.type.tensor_type.HasField("shape"):
        raise GraphError(f"{where}: input {value.name} has no shape; give one, e.g. {value.name}=1,1,16000,1")
    axes = [
        dim.dim_value if dim.HasField("dim_value") else (dim.dim_param or "?")
        for dim in value.type.tensor_type.shape.dim
    ]
    if any(isinstance(axis, str) for axis in axes):
        raise GraphError(
            f"{where}: input {value.name} has dynamic axes {axes}; give its shape as "
            f"{value.name}={','.join(f'<{a}>' if isinstance(a, str) else str(a) for a in axes)}"
        )
    if any(not 1 <= int(axis) <= LARGEST_AXIS for axis in axes):
        raise GraphError(f"{where}: input {value.name} has shape {axes}, expected sizes from 1 up")


def static_shape(value: onnx.ValueInfoProto) -> Shape | None:
    """Return the shape of a tensor; None if it is no tensor or an axis is of unknown size."""
    tensor = value.type.tensor_type
    if not value.type.HasField("tensor_type") or not tensor.HasField("shape"):
        return None
    if not all(dim.HasField("dim_value") and dim.dim_value >= 0 for dim in tensor.shape.dim):
        return None
    return tuple(dim.dim_value for dim in tensor.shape.dim)
