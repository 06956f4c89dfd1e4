"""Runs a graph before and after patching on the same random input."""

from __future__ import annotations

import numpy as np
import onnx

from tasnet2hef.base.parity import ParityRow, Signal, signal_to_error_db

_SEED = 20


def compare_models(before: onnx.ModelProto, after: onnx.ModelProto) -> tuple[ParityRow | None, str]:
    """Return the signal-to-error of the worst output, or None and why the graphs could not be run."""
    from onnxruntime import InferenceSession
    from onnxruntime.capi import onnxruntime_pybind11_state as failures

    feed, unknown = _random_feed(before)
    if unknown:
        return None, unknown
    try:
        old, new = (
            InferenceSession(_nameless(model), providers=["CPUExecutionProvider"]).run(None, feed)
            for model in (before, after)
        )
    except (failures.Fail, failures.InvalidGraph, failures.InvalidArgument, failures.NotImplemented) as error:
        return None, f"ONNX Runtime can't run the graph ({str(error).splitlines()[0]})"
    worst = min(signal_to_error_db(np.asarray(a), np.asarray(b)) for a, b in zip(old, new, strict=True))
    return ParityRow("before / after patching", worst), ""


def _nameless(model: onnx.ModelProto) -> bytes:
    """Serialise without node names: ONNX Runtime refuses duplicate names, which a patch repairs."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for node in copy.graph.node:
        node.name = ""
    return bytes(copy.SerializeToString())


def _random_feed(model: onnx.ModelProto) -> tuple[dict[str, Signal], str]:
    """Return a random array for every graph input; or none and the reason, where a shape or type is not fixed."""
    generator = np.random.default_rng(_SEED)
    constants = {tensor.name for tensor in model.graph.initializer}
    feed: dict[str, Signal] = {}
    for value in model.graph.input:
        if value.name in constants:
            continue
        shape = [dimension.dim_value for dimension in value.type.tensor_type.shape.dim]
        if value.type.tensor_type.elem_type != onnx.TensorProto.FLOAT or not all(shape):
            return {}, f"input {value.name} has no fixed float shape, so old and new were not compared by running"
        feed[value.name] = generator.standard_normal(shape).astype(np.float32)
    return feed, ""
