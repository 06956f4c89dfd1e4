"""Runs a graph before and after patching on the same random input."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import onnx

from tasnet2hef.base.errors import GraphError
from tasnet2hef.base.parity import ParityRow, Signal, signal_to_error_db
from tasnet2hef.base.supervise.apart import ApartError, run_apart
from tasnet2hef.target.graph.inference import static_shape
from tasnet2hef.target.graph.memory import require_memory
from tasnet2hef.target.graph.onnx_node import Shape

_SEED = 20
_MOST_BYTES = 2**29
_MOST_SECONDS = 4
"""What a comparison may take: memory beyond the weights, and time beyond a second a megabyte of them."""


def compare_models(before: onnx.ModelProto, after: onnx.ModelProto) -> tuple[ParityRow | None, str]:
    """Return the signal-to-error of the worst output, or None and why the graphs could not be run."""
    feed, unknown = _random_feed(before)
    if unknown:
        return None, unknown
    try:
        require_memory(before, "the graph", _MOST_BYTES)
        return run_apart(lambda: _compare(before, after, feed()), _MOST_SECONDS + before.ByteSize() // 2**20)
    except GraphError as error:
        return None, str(error)
    except ApartError as error:
        return None, f"ONNX Runtime {error}"


def _compare(
    before: onnx.ModelProto, after: onnx.ModelProto, feed: dict[str, Signal]
) -> tuple[ParityRow | None, str]:
    from onnxruntime import InferenceSession

    try:
        old, new = (
            InferenceSession(_nameless(model), providers=["CPUExecutionProvider"]).run(None, feed)
            for model in (before, after)
        )
    except Exception as error:  # ONNX Runtime's errors have no base class in common
        return None, f"ONNX Runtime can't run the graph ({str(error).splitlines()[0]})"
    pairs = [(np.asarray(a), np.asarray(b)) for a, b in zip(old, new, strict=True)]
    if any(values.dtype.kind not in "biuf" for pair in pairs for values in pair):
        return None, "an output is no tensor of numbers"
    return ParityRow("before / after patching", min(signal_to_error_db(a, b) for a, b in pairs)), ""


def _nameless(model: onnx.ModelProto) -> bytes:
    """Serialise without node names: ONNX Runtime refuses duplicate names, which a patch repairs."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for node in copy.graph.node:
        node.name = ""
    return bytes(copy.SerializeToString())


def _random_feed(model: onnx.ModelProto) -> tuple[Callable[[], dict[str, Signal]], str]:
    """Return what draws a random array for every input; and the reason where a shape or type is not fixed."""
    constants = {tensor.name for tensor in model.graph.initializer}
    shapes: dict[str, Shape] = {}
    for value in model.graph.input:
        if value.name in constants:
            continue
        shape = static_shape(value)
        if value.type.tensor_type.elem_type != onnx.TensorProto.FLOAT or not shape or not all(shape):
            unknown = f"input {value.name} has no fixed float shape, so old and new were not compared by running"
            return dict, unknown
        shapes[value.name] = shape

    def draw() -> dict[str, Signal]:
        generator = np.random.default_rng(_SEED)
        return {name: generator.standard_normal(shape, np.float32) for name, shape in shapes.items()}

    return draw, ""
