"""Prepares a graph for reduction: static, self-contained, without comments, with random weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from tasnet2hef.base.errors import GraphError
from tasnet2hef.diagnose.reduce.subgraph import bodies, new_model, stored_tensors
from tasnet2hef.target.graph.inference import infer_values
from tasnet2hef.target.graph.loader import graph_of_model
from tasnet2hef.target.graph.opened import OpenedGraph
from tasnet2hef.target.graph.stored import load_external, stored_bytes

OLDEST_IR: Final = 4  # before, initialisers had to be inputs as well
_FLOATS: Final = (TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.DOUBLE)
_INTEGERS: Final = (
    *(TensorProto.INT8, TensorProto.UINT8, TensorProto.INT16, TensorProto.UINT16),
    *(TensorProto.INT32, TensorProto.UINT32),
)
_NEVER_TRAINED: Final = (TensorProto.INT64, TensorProto.UINT64, TensorProto.BOOL, TensorProto.STRING)
_LARGEST_INTEGER_LIST: Final = 16
_MOST_ABSENT_BYTES: Final = 2**27
_READ_FOR_SHAPES: Final = ("Resize", "Upsample", "Range")


def prepared(path: Path, input_shapes: Mapping[str, Sequence[int]]) -> onnx.ModelProto:
    """Return a file's graph with static inputs and with all weights that are available inside.

    Comments, metadata and exporters' traces are left out: they contain paths, and a cut makes them wrong.

    Raises:
        GraphError: the file can't be read as a static ONNX graph.
    """
    model = OpenedGraph.read(path).inlined
    graph_of_model(model, path, input_shapes)
    values = infer_values(model, input_shapes, path.name)
    load_external(model, path.parent, skip_absent=True)
    absent = sum(
        stored_bytes(each) for each in model.graph.initializer if each.data_location == TensorProto.EXTERNAL
    )
    if absent > _MOST_ABSENT_BYTES:
        raise GraphError(
            f"{path}: {absent / 1e6:,.0f} MB of its weights are absent, expected at most "
            f"{_MOST_ABSENT_BYTES / 1e6:,.0f} MB, which are replaced by random numbers; put their file beside it"
        )
    graph = model.graph
    stored = {tensor.name for tensor in graph.initializer}
    inputs = [values[value.name] for value in graph.input if value.name not in stored]
    outputs = [values[value.name] for value in graph.output]
    del graph.input[:], graph.output[:], graph.value_info[:]
    graph.input.extend(inputs)
    graph.output.extend(outputs)
    graph.ClearField("doc_string")
    _clear_comments(graph)
    model.ir_version = max(model.ir_version, OLDEST_IR)
    return new_model(graph, model)


def randomised(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return a copy whose weights are random numbers between the smallest and the largest value of each tensor.

    Constants of one value, lists of integers and whatever sets a shape are kept. Bfloat16 and smaller types
    become 0, absent weights become numbers from 0 to 0.1. The same model always gets the same numbers.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    fixed = {
        name
        for node in copy.graph.node
        if node.op_type in _READ_FOR_SHAPES
        for name in (*node.input, *node.output)
    }
    sparse = (each.values for each in copy.graph.sparse_initializer)
    for place, tensor in enumerate((*stored_tensors(copy.graph), *sparse)):
        if tensor.name not in fixed and is_weight(tensor):
            _randomise(tensor, np.random.default_rng(place))
    return copy


def is_weight(tensor: TensorProto) -> bool:
    """Return whether a constant can be trained: more than one float, or more than 16 integers of up to 32 bits."""
    size = int(np.prod(tensor.dims, dtype=np.int64))
    fewest = _LARGEST_INTEGER_LIST if tensor.data_type in _INTEGERS else 1
    return size > fewest and tensor.data_type not in _NEVER_TRAINED


def _randomise(tensor: TensorProto, random: np.random.Generator) -> None:
    if tensor.data_type not in (*_FLOATS, *_INTEGERS):
        _set_to_zero(tensor)
        return
    dtype = onnx.helper.tensor_dtype_to_np_dtype(tensor.data_type)
    if tensor.data_location == TensorProto.EXTERNAL:
        low, high = 0.0, 0.1
    else:
        old = numpy_helper.to_array(tensor)
        finite = old[np.isfinite(old)] if old.dtype.kind == "f" else old
        low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.1)
    shape = tuple(tensor.dims)
    kind = np.dtype(dtype).kind
    numbers = random.uniform(low, high, shape) if kind == "f" else random.integers(int(low), int(high) + 1, shape)
    tensor.CopyFrom(numpy_helper.from_array(numbers.astype(dtype), tensor.name))


def _set_to_zero(tensor: TensorProto) -> None:
    """Make every value 0, for types without random numbers: bfloat16, 8-bit floats, 4-bit integers."""
    tensor.raw_data = bytes(len(tensor.raw_data))
    tensor.int32_data[:] = [0] * len(tensor.int32_data)


def _clear_comments(graph: onnx.GraphProto) -> None:
    for node in graph.node:
        _clear_comment(node)
        for body in bodies(node):
            _clear_comments(body)
    values: Iterable[onnx.ValueInfoProto | TensorProto] = (*graph.input, *graph.output, *graph.initializer)
    for value in values:
        _clear_comment(value)


def _clear_comment(entry: onnx.NodeProto | onnx.ValueInfoProto | TensorProto) -> None:
    for field in ("doc_string", "metadata_props"):
        if field in entry.DESCRIPTOR.fields_by_name:
            entry.ClearField(field)
